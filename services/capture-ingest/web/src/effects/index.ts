// What happens in each state. An effect ends by sending the event that leads on; it stops when `signal` aborts.
import type { Journey } from "../journey";
import type { State } from "../machine";
import { announce, showColours } from "./filming";
import { open, waitWhileBusy } from "./opening";
import { askForCamera, checkLight, place, warmUp } from "./preparing";
import { sendCapture, waitForConnection } from "./transfer";
import { followOtherDevice, waitForVerdict } from "./verdict";

export type Effect = (journey: Journey, signal: AbortSignal) => Promise<void>;

export const EFFECTS: Partial<Record<State, Effect>> = {
  opening: open,
  hand_over: followOtherDevice,
  busy: waitWhileBusy,
  asking_camera: askForCamera,
  warming: warmUp,
  placing: place,
  light_check: checkLight,
  announce,
  light: showColours,
  sending: sendCapture,
  offline: waitForConnection,
  waiting: waitForVerdict,
  later: waitForVerdict,
  done: async (journey) => journey.surfaces.tell("done", "finished"),
  other_way: async (journey) => journey.surfaces.tell("other_way", "referred"),
};
