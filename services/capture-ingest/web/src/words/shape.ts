// What a language must say. {agency}, {kept} (a duration with its unit), {percent} and {seconds} are filled in.
import type { State } from "../machine";

export type Hint =
  | "no_face"
  | "two_faces"
  | "closer"
  | "farther"
  | "left"
  | "right"
  | "up"
  | "down"
  | "still"
  | "upright"
  | "too_bright"
  | "dark_is_fine"
  | "screen_dim"
  | "good";

export type Advice =
  | "too_bright"
  | "too_far"
  | "turned"
  | "moved"
  | "covered"
  | "slow_camera"
  | "no_face"
  | "several_faces"
  | "interrupted"
  | "turn_upright"
  | "light_ahead"
  | "other";

export type Button =
  | "start"
  | "start_calm"
  | "disagree"
  | "again"
  | "try_anyway"
  | "help"
  | "stop"
  | "copy"
  | "copied"
  | "here"
  | "go_on";

export interface Text {
  title: string;
  text: string;
}

export interface Words {
  name: string;
  direction: "ltr" | "rtl";
  language: string;
  /** What the agency is called when it has not said. */
  agency: string;
  what: string[];
  calm: string;
  states: Record<State, Text>;
  buttons: Record<Button, string>;
  hints: Record<Hint, string>;
  advice: Record<Advice, string>;
  allow: Record<"ios" | "android" | "firefox" | "desktop", string>;
}
