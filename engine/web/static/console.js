// Keys go to the console from the first moment on, and again whenever somebody comes back to the page.
"use strict";
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
