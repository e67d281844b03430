// The module that the server's page loads, and that a notebook can load as a widget: render({ model, el }).
import { render as draw } from "preact";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { App } from "./app.tsx";
import { download } from "./figure.ts";
import type { Model } from "./model.ts";
import { SocketModel, socketAddress } from "./socket.ts";
import { Store } from "./store.ts";
import { PageContext, Ui } from "./ui.ts";

function render({
  model,
  el,
  fragment = null,
}: {
  model: Model;
  el: HTMLElement;
  fragment?: string | null;
}): () => void {
  el.classList.add("pellucid-workbench");
  const store = new Store(model, { frame: (callback) => requestAnimationFrame(callback) }, fragment ?? "");
  if (model.get("connection") === undefined) {
    store.connection.value = "widget";
    el.classList.add("as-widget");
  }
  store.onFile = (name, type, bytes) => download(name, type, bytes as Uint8Array<ArrayBuffer>);
  const ui = new Ui(el);
  const onAddress = () => void store.openFragment(location.hash);
  if (fragment !== null) addEventListener("hashchange", onAddress);
  el.replaceChildren();
  draw(
    <PageContext.Provider value={{ store, ui }}>
      <App />
    </PageContext.Provider>,
    el,
  );
  return () => {
    removeEventListener("hashchange", onAddress);
    draw(null, el);
  };
}

export default { render };

const place = typeof document === "undefined" ? null : document.getElementById("pellucid-workbench");
if (place) {
  const model = new SocketModel((isTaken) => socketAddress(location, sessionStorage, isTaken));
  render({ model, el: place, fragment: location.hash });
}
