// Every screen by itself, for pictures and accessibility checks: ?state=consent&lang=ar. Never part of the page.
import type { Claimed } from "../src/api";
import type { Journey, Shown } from "../src/journey";
import type { State } from "../src/machine";
import { draw } from "../src/screens";
import { isLanguage, LANGUAGES, load } from "../src/words";
import type { Hint } from "../src/words/shape";

const about: Claimed = {
  session_id: "s",
  token: "t",
  agency: "",
  kept_hours: 12,
  min_camera_fps: 15,
  parent_origins: [],
  calm: false,
  language: null,
  return_url: "https://agency.example/next",
  attempt: 1,
  max_attempts: 3,
};

function picture(): HTMLVideoElement {
  const canvas = document.createElement("canvas");
  canvas.width = 480;
  canvas.height = 640;
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.fillStyle = "#7d8894";
    context.fillRect(0, 0, 480, 640);
    context.fillStyle = "#b98f73";
    context.beginPath();
    context.ellipse(240, 290, 140, 190, 0, 0, 7);
    context.fill();
  }
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.setAttribute("aria-hidden", "true");
  video.srcObject = canvas.captureStream(5);
  return video;
}

const asked = new URLSearchParams(location.search);
const state = (asked.get("state") ?? "consent") as State;
const code = asked.get("lang");
const language = isLanguage(code) ? code : "en";
const words = await load(language);
document.documentElement.lang = language;
document.documentElement.dir = words.direction;
const picker = document.getElementById("language") as HTMLSelectElement;
for (const [value, name] of Object.entries(LANGUAGES)) {
  const option = document.createElement("option");
  option.value = value;
  option.lang = value;
  option.textContent = name;
  option.selected = value === language;
  picker.append(option);
}
const label = document.getElementById("language-label");
if (label !== null) label.textContent = words.language;
const shown: Shown = {
  state,
  about,
  link: `${location.origin}/capture/#session.${"t".repeat(43)}`,
  calm: asked.get("calm") === "1",
  hint: (asked.get("hint") as Hint | null) ?? (state === "placing" ? "closer" : null),
  advice: "too_bright",
  percent: 60,
  seconds: 8,
  camera: picture(),
};
const main = document.getElementById("main");
if (main !== null) draw(main, shown, words, {} as Journey);
document.documentElement.dataset.drawn = "";
