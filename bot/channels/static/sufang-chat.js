// What a foreign page names in its <script>, plain or as a module; the widget itself is beside it.
// A plain script from elsewhere has no address of its own to a browser, so it is said here.
(() => {
  const script = document.currentScript;
  import(script ? new URL("embed.js", script.src).href : "./embed.js");
})();
