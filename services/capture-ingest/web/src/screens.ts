// Screens as functions of what is shown. They hold no state and do nothing by themselves.
import { renderSVG } from "uqr";
import { h, svg } from "./dom";
import { takeAgain } from "./effects/opening";
import { platform } from "./environment";
import type { Journey, Shown } from "./journey";
import type { State } from "./machine";
import { duration, fill } from "./words";
import type { Button, Words } from "./words/shape";

const CAPTURE: ReadonlySet<State> = new Set(["warming", "placing", "light_check", "announce"]);
const LIGHT_S = 4;
const CALM_S = 9;

/** The title of the page that holds the keyboard's focus after a change. */
function heading(text: string): HTMLHeadingElement {
  return h("h1", { id: "title", tabindex: "-1" }, text);
}

function button(
  words: Words,
  name: Button,
  act: () => void,
  kind: "first" | "second" | "quiet" = "first",
): HTMLElement {
  return h("button", { type: "button", class: kind, onclick: act }, words.buttons[name]);
}

function outline(): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 48 64", "aria-hidden": "true", class: "outline", preserveAspectRatio: "xMidYMid slice" },
    svg("path", {
      class: "veil",
      "fill-rule": "evenodd",
      d: "M0 0H48V64H0ZM24 9.6A14.4 19.84 0 0 0 24 49.3A14.4 19.84 0 0 0 24 9.6Z",
    }),
    svg("ellipse", { class: "line", cx: "24", cy: "29.44", rx: "14.4", ry: "19.84" }),
  );
}

function qr(link: string): HTMLElement {
  const picture = h("img", {
    class: "qr",
    alt: "",
    src: `data:image/svg+xml,${encodeURIComponent(renderSVG(link, { border: 2 }))}`,
  });
  return h("div", { class: "qr-frame" }, picture);
}

function copyLink(words: Words, link: string): HTMLElement {
  const made = button(
    words,
    "copy",
    () => {
      navigator.clipboard?.writeText(link).then(
        () => {
          made.textContent = words.buttons.copied;
        },
        () => undefined,
      );
    },
    "second",
  );
  return made;
}

/** The agency's next step, where it named one. */
function onward(shown: Shown, words: Words): HTMLElement | null {
  const address = shown.about?.return_url;
  if (!address) return null;
  const link = h("a", { class: "first", href: address, rel: "noreferrer", target: "_top" }, words.buttons.go_on);
  return h("div", { class: "actions" }, link);
}

function advised(shown: Shown, words: Words): HTMLElement {
  return h("p", { class: "advice" }, words.advice[shown.advice]);
}

/** Everything below the heading. */
function body(shown: Shown, words: Words, journey: Journey): (HTMLElement | SVGElement | null)[] {
  const values = {
    agency: shown.about?.agency || words.agency,
    kept: duration(shown.about?.kept_hours ?? 12, document.documentElement.lang),
    percent: shown.percent,
    seconds: shown.state === "announce" ? (shown.calm ? CALM_S : LIGHT_S) : shown.seconds,
  };
  const said = words.states[shown.state];
  const text = said.text === "" ? null : h("p", { class: "lead" }, fill(said.text, values));
  const act = (...children: (HTMLElement | null)[]): HTMLElement => h("div", { class: "actions" }, ...children);
  const again = (): HTMLElement => button(words, "again", () => journey.send("try_again"));
  switch (shown.state) {
    case "opening":
      return [h("div", { class: "spinner", "aria-hidden": "true" }), text];
    case "hand_over":
      return [
        text,
        qr(shown.link),
        act(
          copyLink(words, shown.link),
          button(words, "here", () => journey.continueHere(), "quiet"),
        ),
      ];
    case "consent": {
      const points = words.what.map((point) => h("li", {}, fill(point, values)));
      const plain = button(words, "start", () => journey.agree(false), shown.calm ? "second" : "first");
      const calm = button(words, "start_calm", () => journey.agree(true), shown.calm ? "first" : "second");
      calm.setAttribute("aria-describedby", "about-calm");
      return [
        h("ul", { class: "what" }, ...points),
        text,
        act(...(shown.calm ? [calm, plain] : [plain, calm])),
        h("p", { id: "about-calm", class: "small" }, words.calm),
        act(button(words, "disagree", () => journey.send("disagreed"), "quiet")),
      ];
    }
    case "placing_help":
      return [
        text,
        act(
          button(words, "try_anyway", () => journey.send("try_anyway")),
          button(words, "again", () => journey.send("again"), "second"),
          button(words, "help", () => journey.send("help"), "quiet"),
        ),
      ];
    case "sending":
      return [h("progress", { max: "100", value: String(shown.percent), "aria-labelledby": "title" }), text];
    case "waiting":
      return [h("div", { class: "spinner", "aria-hidden": "true" }), text];
    case "done":
      return [h("div", { class: "mark", "aria-hidden": "true" }, "✓"), text, onward(shown, words)];
    case "other_way":
      return [text, onward(shown, words)];
    case "retake":
      return [
        advised(shown, words),
        act(
          button(words, "again", () => void takeAgain(journey, shown.calm)),
          button(words, "help", () => journey.send("help"), "quiet"),
        ),
      ];
    case "in_app":
    case "no_recorder":
      return [text, act(copyLink(words, shown.link))];
    case "no_camera":
      return [text, qr(shown.link), act(again())];
    case "denied":
      return [h("p", { class: "lead" }, words.allow[platform()]), act(again())];
    case "camera_in_use":
      return [text, act(again())];
    case "slow_camera":
      return [
        text,
        act(
          again(),
          button(words, "help", () => journey.send("help"), "quiet"),
        ),
      ];
    case "busy":
      return [text, act(again())];
    default:
      return [text];
  }
}

/** What stands below the picture: a hint, or else what the state says. */
function below(shown: Shown, words: Words): string {
  const said = fill(words.states[shown.state].text, { seconds: shown.calm ? CALM_S : LIGHT_S });
  return shown.hint ? words.hints[shown.hint] : said;
}

/** The whole of `main` for the present state. */
export function draw(main: HTMLElement, shown: Shown, words: Words, journey: Journey): void {
  document.documentElement.dataset.state = shown.state;
  document.title = words.states[shown.state].title;
  if (CAPTURE.has(shown.state) && shown.camera !== null) {
    const title = heading(words.states[shown.state].title);
    const stop = h("button", { type: "button", class: "stop", onclick: () => location.reload() }, words.buttons.stop);
    const hint = h("p", { class: "hint", id: "hint" }, below(shown, words));
    const frame = h("div", { class: "camera" }, shown.camera, outline() as unknown as HTMLElement);
    main.replaceChildren(h("section", { class: "capture" }, title, frame, hint, stop));
    shown.camera.play().catch(() => undefined);
    return;
  }
  main.replaceChildren(
    h(
      "section",
      { class: "card" },
      heading(words.states[shown.state].title),
      ...(body(shown, words, journey) as HTMLElement[]),
    ),
  );
}

/** Changes within a state, without losing focus or the picture. */
export function redraw(main: HTMLElement, shown: Shown, words: Words, journey: Journey): void {
  const hint = main.querySelector("#hint");
  if (CAPTURE.has(shown.state) && hint !== null) {
    hint.textContent = below(shown, words);
    hint.classList.toggle("good", shown.hint === "good" || shown.hint === "dark_is_fine");
    return;
  }
  const progress = main.querySelector("progress");
  if (shown.state === "sending" && progress !== null) {
    progress.value = shown.percent;
    const lead = main.querySelector(".lead");
    if (lead !== null) lead.textContent = fill(words.states.sending.text, { percent: shown.percent });
    return;
  }
  const focused = document.activeElement?.id === "title";
  draw(main, shown, words, journey);
  if (focused) main.querySelector<HTMLElement>("#title")?.focus();
}
