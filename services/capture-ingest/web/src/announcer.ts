// Speaks to screen readers through one polite region, and one short tone when all is good.
import { byId } from "./dom";

export function announce(text: string): void {
  const region = byId("said");
  region.textContent = "";
  // A change in two steps is read by every screen reader, also when the words are the same.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
