"""Commands that the lab adds to `borderlight`: name → (module, one line of help)."""

_HERE = "borderlight_lab.commands"
COMMANDS = {
    "demo": (f"{_HERE}.demo", "Nine simulated travellers through the whole system, with a report."),
    "simulate": (f"{_HERE}.simulate", "Make capture bundles of any species."),
    "evaluate": (f"{_HERE}.evaluate", "Run a folder of bundles and count outcomes."),
    "calibrate": (f"{_HERE}.calibrate", "Set limits from recordings and photographs of your own."),
    "study": (f"{_HERE}.study", "Labelled captures of people who consented."),
    "measure-cast": (f"{_HERE}.measure_cast", "What the screen's colours cost the face comparison."),
    "measure-looks": (f"{_HERE}.measure_looks", "How much liveness depends on the moments of its looks at the face."),
    "bench-documents": (f"{_HERE}.bench_documents", "Import, comparison, cache and duplicate search, measured."),
    "bench-uploads": (f"{_HERE}.bench_uploads", "The capture API alone under uploads at a fixed rate."),
    "challenges": (f"{_HERE}.challenges", "Flashes, blind chance and splice chance of every challenge, counted."),
    "injection-bench": (f"{_HERE}.injection_bench", "Attackers behind the camera against the API, counted."),
    "card": (f"{_HERE}.card", "Write the performance card anew."),
    "bench": (f"{_HERE}.bench", "CPU per session and stage, models, memory."),
    "load": (f"{_HERE}.load", "Sessions at a fixed rate into a running stack."),
    "hostile": (f"{_HERE}.hostile", "Hostile connections, requests and files against an API of its own."),
    "soak": (f"{_HERE}.soak", "Sessions while services and servers fail one after another."),
}
