// Keys go to the console from the first moment on, and again whenever somebody comes back to the page.
"use strict";
// What the terminal says of keys, sizes and focus once its console has ended goes nowhere: a browser would complain of each.
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (said) {
  if (this.readyState === WebSocket.OPEN) {
    send.call(this, said);
  }
};
// The console needs eighty columns: on a narrow screen its letters are smaller, which two fingers make larger again.
const COLUMNS = 80, WIDTH_OF_A_LETTER = 0.6, SMALLEST_PX = 8;
addEventListener("DOMContentLoaded", () => {
  const terminal = document.querySelector(".textual-terminal");
  const fits = Math.floor(innerWidth / COLUMNS / WIDTH_OF_A_LETTER);
  terminal.dataset.fontSize = String(Math.max(SMALLEST_PX, Math.min(Number(terminal.dataset.fontSize), fits)));
});
const focus = () => {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys && !document.body.classList.contains("-closed")) {
    keys.blur();
    keys.focus();
  }
};
addEventListener("load", () => {
  focus();
  // Its program hears of a focus only once it has drawn something.
  new MutationObserver((_, watch) => {
    if (document.body.classList.contains("-first-byte")) {
      watch.disconnect();
      focus();
    }
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
});
addEventListener("focus", focus);
