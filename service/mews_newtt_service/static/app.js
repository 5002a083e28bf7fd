// Small helps. Every page works without them.

// Try a set: the score as you type, a link that holds the readings behind its #, which no server ever sees.
const form = document.querySelector("form[data-live]");
if (form) {
  const result = document.getElementById("result");
  const says = document.getElementById("says");
  let waiting = 0;
  let asked = 0;

  const filled = () => [...new FormData(form)].filter(([, value]) => typeof value === "string" && value.trim() !== "");

  // From the first key on, what is shown belongs to other readings than those in the form.
  const isOld = () => {
    asked += 1; // an answer still under way is to older readings
    result.classList.add("wb-waiting");
    result.setAttribute("aria-busy", "true");
  };

  const ask = async () => {
    isOld();
    const mine = asked;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "X-Workbench-Fragment": "1" },
        body: new URLSearchParams(filled()),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await answer.text();
      if (mine !== asked) return; // a later reading has been typed
      if (!answer.ok) throw new Error(String(answer.status));
      const open = [...result.querySelectorAll("details[open]")].map((each) => each.id);
      const page = new DOMParser().parseFromString(text, "text/html"); // runs no script
      result.replaceChildren(...page.body.childNodes);
      open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
      says.textContent = result.querySelector("[data-says]")?.textContent ?? "";
      showFaults();
      if (form.contains(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" }); // not under the summary
      offerCopies(result);
    } catch {
      if (mine !== asked) return;
      const fault = document.createElement("section"); // never the score of other readings
      fault.className = "wb-fault";
      fault.textContent = "No score: the service gave no answer to these readings. Press Score to ask again.";
      result.replaceChildren(fault);
      says.textContent = fault.textContent;
    } finally {
      if (mine === asked) {
        result.classList.remove("wb-waiting");
        result.removeAttribute("aria-busy");
      }
    }
  };

  // The faults that a field has are written beside it, as the page does without this script.
  const showFaults = () => {
    form.querySelectorAll("[data-fault]").forEach((place) => {
      const fault = [...result.querySelectorAll("[data-fault-of]")].find((each) => each.dataset.faultOf === place.dataset.fault);
      place.textContent = fault ? fault.textContent : "";
      place.hidden = !fault;
      const input = document.getElementById(place.dataset.fault);
      if (input && input.tagName === "INPUT") {
        input.classList.toggle("nhsuk-input--error", Boolean(fault));
        fault ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
      }
    });
  };

  const soon = () => {
    clearTimeout(waiting);
    isOld();
    waiting = setTimeout(ask, 200);
  };
  // A question that another answer has settled is not asked; what was typed there stays, and is asked again while it holds something.
  const questions = [...form.querySelectorAll("[data-asked-with]")];
  const showQuestions = () => questions.forEach((group) => {
    const [[name, answers]] = Object.entries(JSON.parse(group.dataset.askedWith));
    const filledIn = [...group.querySelectorAll("input, select")].some((each) => each.name && !each.name.startsWith("unit_") && each.value !== "");
    group.hidden = !filledIn && !answers.includes(form.elements[name].value);
  });
  showQuestions();
  form.addEventListener("input", showQuestions);
  form.addEventListener("reset", () => setTimeout(showQuestions));
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    ask();
  });
  form.addEventListener("reset", () => setTimeout(() => {
    history.replaceState(null, "", location.pathname);
    ask();
  }));

  const fill = (text) => {
    const held = new URLSearchParams(text);
    if ([...held].length === 0) return;
    for (const field of form.elements) {
      if (!field.name || !held.has(field.name)) continue;
      if (field.type === "radio") field.checked = field.value === held.get(field.name);
      else field.value = held.get(field.name);
      if (field.name.startsWith("skip_")) field.closest("details").open = true;
    }
    ask();
  };
  const fromLink = () => fill(location.hash.slice(1));
  window.addEventListener("hashchange", fromLink);
  fromLink();

  // Whoever comes back to this page finds what was typed. It stays in this tab and goes with it; no server sees it.
  const name = `typed ${location.pathname}`;
  try {
    const came = performance.getEntriesByType("navigation")[0]?.type;
    if (came === "back_forward" && location.hash.length < 2) fill(sessionStorage.getItem(name) ?? "");
    window.addEventListener("pagehide", () => sessionStorage.setItem(name, new URLSearchParams(filled())));
  } catch {
    // a browser that keeps nothing for pages: the form is empty on the way back
  }

  const share = document.getElementById("share");
  share.hidden = false;
  share.addEventListener("click", async () => {
    const address = location.origin + location.pathname + "#" + new URLSearchParams(filled());
    await copy(address, share);
  });
}

async function copy(text, button) {
  const before = button.dataset.words ?? button.textContent;
  button.dataset.words = before;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Could not copy";
  }
  setTimeout(() => { button.textContent = before; }, 2000);
}

function offerCopies(within) {
  within.querySelectorAll("button[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => copy(document.getElementById(button.dataset.copy).textContent, button));
  });
}
offerCopies(document);

// A run that is under way: asked again every second; without this script the page reloads itself by its Refresh header.
const run = document.querySelector("[data-run]");
if (run) {
  const bar = run.querySelector("progress");
  const words = run.querySelector("[data-words]");
  const look = async () => {
    try {
      const answer = await fetch(run.dataset.run, { headers: { Accept: "application/json" } });
      if (!answer.ok) {
        location.reload(); // the page itself says what is wrong
        return;
      }
      const state = await answer.json();
      if (state.ended) {
        location.replace(run.dataset.then);
        return;
      }
      words.textContent = state.words;
      if (state.share !== null) bar.value = state.share;
    } catch {
      words.textContent = "No answer from the service; asking again.";
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 500);
}
