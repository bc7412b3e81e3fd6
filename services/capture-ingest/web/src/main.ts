// Boots the page: language, surfaces, journey.
import { announce } from "./announcer";
import { byId, h } from "./dom";
import * as embeddingPage from "./embedding-page";
import { Journey, type Shown, type Surfaces } from "./journey";
import { draw, redraw } from "./screens";
import { choose, isLanguage, LANGUAGES, type Language, load } from "./words";
import type { Words } from "./words/shape";

async function boot(): Promise<void> {
  const wanted = new URLSearchParams(location.search).get("lang");
  let language: Language = choose([wanted, ...navigator.languages]);
  let chosen = isLanguage(wanted);
  let words: Words = await load(language);
  const main = byId("main");
  let journey: Journey;

  const mark = (): void => {
    document.documentElement.lang = language;
    document.documentElement.dir = words.direction;
    byId("language-label").textContent = words.language;
  };
  const speakLanguage = async (to: Language): Promise<void> => {
    language = to;
    words = await load(to);
    mark();
    draw(main, journey.shown, words, journey);
  };

  const surfaces: Surfaces = {
    light: byId("light"),
    speak: (hint) => announce(words.hints[hint]),
    tell: embeddingPage.tell,
    render: (shown: Readonly<Shown>, entered: boolean) => {
      const asked = shown.about?.language;
      if (!chosen && isLanguage(asked) && asked !== language) {
        chosen = true;
        void speakLanguage(asked);
      }
      if (shown.about !== null) embeddingPage.allow(shown.about.parent_origins);
      if (!entered) return redraw(main, shown, words, journey);
      draw(main, shown, words, journey);
      if (shown.state !== "light") byId("title").focus({ preventScroll: true });
      window.scrollTo(0, 0);
      const text = shown.state === "announce" ? main.querySelector("#hint")?.textContent : null;
      announce([words.states[shown.state].title, text].filter(Boolean).join(". "));
    },
  };
  journey = new Journey(surfaces);

  const picker = byId("language") as HTMLSelectElement;
  for (const [code, name] of Object.entries(LANGUAGES)) {
    picker.append(h("option", { value: code, lang: code, selected: code === language }, name));
  }
  picker.addEventListener("change", () => {
    chosen = true;
    if (isLanguage(picker.value)) void speakLanguage(picker.value);
  });
  mark();
  if (embeddingPage.isEmbedded()) {
    document.documentElement.dataset.embedded = "";
    embeddingPage.listen();
  }
  journey.start();
}

void boot();
