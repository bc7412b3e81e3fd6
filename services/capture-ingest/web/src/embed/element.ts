// <borderlight-capture link="https://…/capture/#…" lang="fr">: the capture page inside the agency's own page.
// The page runs in a frame of our origin; the picture never enters the page around it.

const OURS = new URL((document.currentScript as HTMLScriptElement | null)?.src ?? location.href).origin;
const GREET_MS = 250;

class BorderlightCapture extends HTMLElement {
  static readonly observedAttributes = ["link", "lang"];
  private frame: HTMLIFrameElement | null = null;
  private timer = 0;

  connectedCallback(): void {
    window.addEventListener("message", this.heard);
    this.load();
  }

  disconnectedCallback(): void {
    window.removeEventListener("message", this.heard);
    window.clearInterval(this.timer);
    this.frame?.remove();
    this.frame = null;
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.load();
  }

  private load(): void {
    this.frame?.remove();
    window.clearInterval(this.timer);
    const link = this.getAttribute("link");
    if (link === null) return;
    const url = new URL(link, OURS);
    if (url.origin !== OURS) {
      this.dispatchEvent(new CustomEvent("borderlight-error", { detail: { message: `the link is not of ${OURS}` } }));
      return;
    }
    const lang = this.getAttribute("lang");
    if (lang !== null) url.searchParams.set("lang", lang);
    const frame = document.createElement("iframe");
    frame.allow = "camera; screen-wake-lock; fullscreen";
    frame.referrerPolicy = "no-referrer";
    frame.title = "Borderlight";
    frame.style.cssText = "border:0;width:100%;height:100%;min-height:36rem;display:block";
    frame.src = url.href;
    this.frame = frame;
    this.append(frame);
    this.timer = window.setInterval(
      () => frame.contentWindow?.postMessage({ type: "borderlight:hello" }, OURS),
      GREET_MS,
    );
  }

  private readonly heard = (event: MessageEvent): void => {
    if (event.origin !== OURS || event.source !== this.frame?.contentWindow) return;
    const data = event.data as { type?: string; state?: string; outcome?: string | null };
    if (data.type !== "borderlight:state") return;
    window.clearInterval(this.timer);
    const detail = { state: data.state, outcome: data.outcome ?? null };
    this.dispatchEvent(new CustomEvent("borderlight-state", { detail, bubbles: true }));
    if (detail.outcome !== null) this.dispatchEvent(new CustomEvent("borderlight-end", { detail, bubbles: true }));
  };
}

customElements.define("borderlight-capture", BorderlightCapture);
