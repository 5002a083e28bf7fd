// Small helps. Every page works without them.

// Try a set: scored when a field is left, or after a rest in typing. A link holds the readings behind its #, which no server ever sees.
const form = document.querySelector("form[data-live]");
if (form) {
  const REST = 600; // milliseconds without a key, after which a number counts as typed
  const result = document.getElementById("result");
  const bar = document.getElementById("bar");
  const says = document.getElementById("says");
  let waiting = 0;
  let asked = 0;
  let announced = "";
  let shownFor = null; // the readings whose score is on the page
  let askedFor = null; // the readings whose score is on its way
  let isLeft = false; // whether the field was left since they were asked for

  const filled = () => [...new FormData(form)].filter(([, value]) => typeof value === "string" && value.trim() !== "");
  const readings = () => new URLSearchParams(filled()).toString();
  const isTyped = (element) => element?.matches?.("input[type=text]") && form.contains(element);

  // From the first key on, what is shown belongs to other readings than those in the form.
  const isOld = () => {
    asked += 1; // an answer still under way is to older readings
    askedFor = null;
    for (const each of [result, bar]) each.classList.add("wb-waiting");
    result.setAttribute("aria-busy", "true");
  };

  // On a small screen the summary is a bar at the foot. What is in focus is scrolled clear of it.
  const showBar = () => {
    bar.replaceChildren(...(result.querySelector("#now")?.cloneNode(true).childNodes ?? []));
    document.documentElement.style.scrollPaddingBottom = bar.offsetHeight ? `${bar.offsetHeight + 8}px` : "";
  };

  // A screen reader hears a score only when no number is half typed.
  const announce = () => {
    const text = result.querySelector("[data-says]")?.textContent ?? "";
    if (text === announced) return;
    announced = text;
    says.textContent = text;
  };

  const ask = async (left) => {
    clearTimeout(waiting);
    const wanted = readings();
    isOld();
    const mine = asked;
    askedFor = wanted;
    isLeft = left;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "X-Workbench-Fragment": "1" },
        body: new URLSearchParams(wanted),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await answer.text();
      if (mine !== asked) return; // a later reading has been typed
      if (!answer.ok) throw new Error(String(answer.status));
      const folds = new Map([...result.querySelectorAll("details")].map((each) => [each.id, each.open]));
      const page = new DOMParser().parseFromString(text, "text/html"); // runs no script
      result.replaceChildren(...page.body.childNodes);
      folds.forEach((open, id) => document.getElementById(id)?.toggleAttribute("open", open));
      showBar();
      shownFor = wanted;
      showFaults();
      document.querySelector("main > .nhsuk-error-summary")?.remove(); // it was about an earlier set
      const failed = result.querySelector(".wb-outcome--refused") !== null;
      document.title = (failed ? "Error: " : "") + document.title.replace(/^Error: /, "");
      if (isLeft) announce();
      if (isTyped(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" }); // not under the summary
      offerCopies(result);
    } catch {
      if (mine !== asked) return;
      const fault = document.createElement("section"); // never the score of other readings
      fault.className = "wb-fault";
      fault.textContent = "No score: the service gave no answer to these readings. Press Score to ask again.";
      result.replaceChildren(fault);
      bar.textContent = fault.textContent;
      shownFor = null;
      announced = says.textContent = fault.textContent;
    } finally {
      if (mine === asked) {
        askedFor = null;
        for (const each of [result, bar]) each.classList.remove("wb-waiting");
        result.removeAttribute("aria-busy");
      }
    }
  };

  // The faults that a field has are written beside it, as the page does without this script.
  const showFaults = () => {
    form.querySelectorAll("[data-fault]").forEach((place) => {
      const fault = [...result.querySelectorAll("[data-fault-of]")].find((each) => each.dataset.faultOf === place.dataset.fault);
      place.replaceChildren();
      if (fault) {
        const error = document.createElement("span");
        error.className = "nhsuk-u-visually-hidden";
        error.textContent = "Error: ";
        place.append(error, fault.textContent);
      }
      place.hidden = !fault;
      place.closest(".nhsuk-form-group").classList.toggle("nhsuk-form-group--error", Boolean(fault));
      const input = document.getElementById(place.dataset.fault);
      if (input && input.type === "text") {
        input.classList.toggle("nhsuk-input--error", Boolean(fault));
        fault ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
      }
    });
  };

  // A question that another answer has settled is not asked; what was typed there stays, and is asked again while it holds something.
  const questions = [...form.querySelectorAll("[data-asked-with]")];
  const showQuestions = () => questions.forEach((group) => {
    const [[name, answers]] = Object.entries(JSON.parse(group.dataset.askedWith));
    const filledIn = [...group.querySelectorAll("input, select")].some((each) => each.name && !each.name.startsWith("unit_") && each.value !== "");
    group.hidden = !filledIn && !answers.includes(form.elements[name].value);
  });
  showQuestions();
  form.addEventListener("input", (event) => {
    showQuestions();
    if (!isTyped(event.target)) return ask(true); // a choice is whole at once
    isOld();
    clearTimeout(waiting);
    waiting = setTimeout(ask, REST, false);
  });
  form.addEventListener("focusout", (event) => {
    if (!isTyped(event.target)) return;
    if (readings() === askedFor) isLeft = true;
    else if (readings() !== shownFor && (shownFor !== null || filled().length > 0)) ask(true);
    else if (!result.hasAttribute("aria-busy")) announce();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(true);
  });
  // An example, or a set that was sent without this script, is in the page itself: "Clear" empties it all the same.
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of form.elements) {
      if (field.type === "radio") field.checked = field.value === "";
      else if (field.type === "text") field.value = "";
      else if (field.tagName === "SELECT") field.selectedIndex = 0;
    }
    history.replaceState(null, "", location.pathname);
    showQuestions();
    ask(true);
  });

  const fill = (text) => {
    const held = new URLSearchParams(text);
    if ([...held].length === 0) return;
    for (const field of form.elements) {
      if (!field.name) continue;
      const value = held.get(field.name) ?? "";
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
      if (field.name.startsWith("skip_") && value) field.closest("details").open = true;
    }
    showQuestions();
    ask(true);
  };
  // The readings of a link leave the address bar, and with it the history, as soon as they are in the form.
  const fromLink = () => {
    const held = location.hash.slice(1);
    if (!held.includes("=")) return;
    history.replaceState(null, "", location.pathname);
    fill(held);
  };
  window.addEventListener("hashchange", fromLink);

  // Whoever comes back to this page, or reloads it, finds what was typed. It stays in this tab and goes with it; no server sees it.
  const name = `typed ${location.pathname}`;
  const keep = () => sessionStorage.setItem(name, readings());
  try {
    const came = performance.getEntriesByType("navigation")[0]?.type;
    const kept = sessionStorage.getItem(name) ?? "";
    if ((came === "back_forward" || came === "reload") && !location.hash.includes("=") && kept) fill(kept);
    else if (result.querySelector("#now")) {
      shownFor = readings(); // an example
      showBar();
    }
    form.addEventListener("input", keep);
    window.addEventListener("pagehide", keep);
  } catch {
    // a browser that keeps nothing for pages: the form is empty on the way back
  }
  fromLink();

  document.getElementById("linking").hidden = false;
  const share = document.getElementById("share");
  share.addEventListener("click", async () => {
    const fields = [...new Set(filled().map(([field]) => field.replace(/^(unit|skip)_/, "")))];
    await copy(location.origin + location.pathname + "#" + readings(), share);
    const holds = fields.length === 1 ? "one field" : `${fields.length} fields`;
    if (share.textContent === "Copied") document.getElementById("shared").textContent = `The link holds what you typed in ${holds}.`;
  });
}

// A form whose answer is a page of its own: the way back leads to the form with what was typed, and never to the browser's question whether to
// send it again. What was typed stays in this tab and goes with it; no server sees it.
const keeping = document.querySelector("form[data-keeps]");
if (keeping) {
  const name = `typed ${location.pathname}`;
  const most = keeping.dataset.keeps; // the field that matters; every answer does where it is not named
  const isEmpty = () => !most || !keeping.elements[most].value;
  const keep = () => {
    try {
      const typed = [...new FormData(keeping)].filter(([, value]) => typeof value === "string");
      sessionStorage.setItem(name, JSON.stringify(typed));
    } catch {
      // a browser that keeps nothing for pages, or a long text: the form is empty on the way back
    }
  };
  const restore = (typed) => {
    for (const field of keeping.elements) {
      if (!field.name || field.type === "file" || field.type === "submit") continue;
      const values = typed.filter(([of]) => of === field.name).map(([, value]) => value);
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length > 0) field.value = values[0];
    }
    const note = document.getElementById("restored");
    if (note) note.textContent = "What you typed is here again.";
  };
  try {
    const came = performance.getEntriesByType("navigation")[0]?.type;
    const typed = JSON.parse(sessionStorage.getItem(name) ?? "[]");
    const isSomething = typed.some(([of, value]) => value !== "" && (most ? of === most : of !== "so_far"));
    if ((came === "back_forward" || came === "reload") && isEmpty() && isSomething) restore(typed);
  } catch {
    // as above
  }
  keeping.addEventListener("input", keep);
  window.addEventListener("pagehide", keep);
}
if (document.querySelector("[data-answer]")) history.replaceState(null, "", location.href);

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
