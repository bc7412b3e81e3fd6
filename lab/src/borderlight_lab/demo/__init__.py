"""The main job on simulated travellers: what `./dev demo` runs."""
