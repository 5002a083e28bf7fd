// Pictures and print of a track or a chart. The picture is made by the browser itself; nothing leaves this machine.

const says = document.getElementById("export-says");

async function svgOf(button) {
  const form = button.closest("form");
  if (!form) return (await fetch(button.dataset.svg, { signal: AbortSignal.timeout(20_000) })).text();
  const body = new FormData(form);
  body.set("do", "svg");
  const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(20_000) });
  if (!answer.headers.get("content-type")?.startsWith("image/svg+xml")) throw new Error("the track could not be drawn again: choose the file again");
  return answer.text();
}

async function pngOf(svg) {
  const picture = new Image();
  picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  await picture.decode();
  const { width, height } = picture;
  const scale = Math.min(2, 16_000 / width, 16_000 / height); // the widest that browsers draw
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await pngOf(await svgOf(button)));
      link.download = button.dataset.png;
      link.click();
      if (says) says.textContent = "The picture was saved.";
    } catch (fault) {
      if (says) says.textContent = `No picture was made: ${fault.message}.`;
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
