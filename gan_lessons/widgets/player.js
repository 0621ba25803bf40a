(() => {
  "use strict";

  const start = (root) => {
    root.dataset.ready = "";
    const { pictures, order, alts, labels } = JSON.parse(
      root.querySelector("script[data-frames]").textContent
    );
    const image = root.querySelector("img[data-frame]");
    const caption = root.querySelector("[data-caption]");
    const controls = [...root.querySelectorAll("[data-control]")];
    const sources = pictures.map((source) => source ?? image.getAttribute("src"));

    const show = () => {
      let index = 0; // the last control runs fastest, as in Python
      controls.forEach((control, i) => {
        index = index * labels[i].length + Number(control.value);
        if (control.type === "range") {
          const text = labels[i][control.value];
          control.setAttribute("aria-valuetext", text);
          control.nextElementSibling.textContent = text;
        }
      });
      image.src = sources[order[index]];
      image.alt = alts[index];
      caption.textContent = alts[index];
    };

    const button = root.querySelector("[data-play]");
    const slider = controls.find((control) => control.type === "range");
    let timer = null;

    const stop = () => {
      clearInterval(timer);
      timer = null;
      button.setAttribute("aria-pressed", "false");
      button.querySelector("[data-play-text]").textContent = "Play";
      caption.setAttribute("aria-live", "polite");
    };
    const step = () => {
      if (!root.isConnected || Number(slider.value) >= Number(slider.max)) return stop();
      slider.value = Number(slider.value) + 1;
      return show();
    };
    const play = () => {
      if (Number(slider.value) >= Number(slider.max)) {
        slider.value = 0;
        show();
      }
      button.setAttribute("aria-pressed", "true");
      button.querySelector("[data-play-text]").textContent = "Pause";
      caption.setAttribute("aria-live", "off"); // a running film must not talk all the time
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      timer = setInterval(step, calm ? 1600 : 700);
    };

    controls.forEach((control) => {
      control.addEventListener("input", () => {
        if (timer !== null) stop();
        show();
      });
    });
    // Nothing ever moves by itself: playing starts with this button only.
    if (button) button.addEventListener("click", () => (timer === null ? play() : stop()));
    root.querySelector("[data-controls]").hidden = false;
    show();
  };

  document.querySelectorAll("figure[data-player]:not([data-ready])").forEach(start);
})();
