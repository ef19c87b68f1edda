// Keys go to the console from the first moment on, and again whenever somebody comes back to the page.
"use strict";
// What the terminal says of keys, sizes and focus once its console has ended goes nowhere: a browser would complain of each.
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (said) {
  if (this.readyState === WebSocket.OPEN) {
    send.call(this, said);
  }
};
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
