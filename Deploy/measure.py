#!/usr/bin/env python3
"""Times training steps of shallow copies of a model on one GPU, for a cost profile of your own stack.

usage: measure.py CONFIG.json [--post URL] [--profile FILE] ...

CONFIG.json is a model's Hugging Face `config.json`. Copies of it with few layers are trained for a few
steps on random tokens, at several micro-batch sizes, sequence lengths and ways of recomputing, with the
model code of `transformers` and an AdamW of PyTorch, in eager mode or compiled. What is printed (or
written to --output) is a request for `/calibrate`: steps, their seconds and their peak memory. With
--post it is sent to a service at once, and the cost profile that comes back is written to --profile:
`stagewright serve --profile FILE` then plans with it, and so does any request that carries it as
`cost_profile`.

Needs PyTorch 2.5 or later with CUDA, and transformers 4.56 or later; three minutes of one GPU.
"""

import argparse
import contextlib
import copy
import gc
import itertools
import json
import signal
import statistics
import sys
import time
import urllib.error
import urllib.request

import torch
import transformers

# Names under which families keep their number of layers.
DEPTHS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
STEPS = 5


def shallow(config, layers):
    """The model's configuration with fewer layers of the same kinds."""
    cut = copy.deepcopy(config)
    text = cut.get("text_config", cut)
    name = next((name for name in DEPTHS if name in text), None)
    if name is None:
        sys.exit(f"measure: none of {', '.join(DEPTHS)} is in the configuration")
    deep = text[name]
    text[name] = min(layers, deep)
    # One entry a layer, as sliding windows are given.
    for key, value in text.items():
        if isinstance(value, list) and len(value) == deep:
            text[key] = value[:layers]
    return cut


def blocks(model):
    """The transformer blocks, which are alike, so that compiling one compiles all."""
    lists = [part for part in model.modules() if isinstance(part, torch.nn.ModuleList)]
    return max(lists, key=lambda part: sum(p.numel() for p in part.parameters()), default=[model])


class Trainer:
    """A model of random weights, and steps of it."""

    def __init__(self, config, options):
        settings = dict(config)
        kind = settings.pop("model_type")
        loaded = transformers.AutoConfig.for_model(kind, **settings)
        loaded.use_cache = False
        weights = torch.bfloat16 if options.weights == "bf16" else torch.float32
        with torch.device(options.device):
            self.model = transformers.AutoModelForCausalLM.from_config(
                loaded, dtype=weights, attn_implementation=options.attention)
        self.model.train()
        self.vocabulary = self.model.config.get_text_config().vocab_size
        if options.compile:
            # Shapes are compiled one by one, as a training job has only one.
            torch._dynamo.reset()
            torch._dynamo.config.automatic_dynamic_shapes = False
            for block in blocks(self.model):
                block.compile()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=1e-5, fused=options.device == "cuda")
        self.options = options

    def recompute(self, policy):
        if policy != "full":
            return
        # Renamed in transformers 6.
        enable = getattr(self.model, "activation_checkpointing_enable", None)
        enable = enable or self.model.gradient_checkpointing_enable
        enable({"use_reentrant": False})

    def step(self, tokens, micro_batches):
        mixed = self.options.weights == "fp32"
        for _ in range(micro_batches):
            with torch.autocast(self.options.device, torch.bfloat16, enabled=mixed):
                loss = self.model(input_ids=tokens, labels=tokens).loss
            (loss / micro_batches).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def seconds(self, micro_batch_size, sequence_length, micro_batches):
        """The median of some steps after two that warm up."""
        tokens = torch.randint(
            self.vocabulary, (micro_batch_size, sequence_length), device=self.options.device)
        times = []
        for _ in range(2 + STEPS):
            synchronize(self.options)
            start = time.perf_counter()
            self.step(tokens, micro_batches)
            synchronize(self.options)
            times.append(time.perf_counter() - start)
        return statistics.median(times[2:])


def synchronize(options):
    if options.device == "cuda":
        torch.cuda.synchronize()


def peak_memory(options):
    """The most that the driver can have counted: what PyTorch reserved, and what is not PyTorch's."""
    if options.device != "cuda":
        return None
    free, total = torch.cuda.mem_get_info()
    return total - free - torch.cuda.memory_reserved() + torch.cuda.max_memory_reserved()


def measured_run(config, options, size, length, policy, micro_batches, seconds, peak):
    """One entry of `runs`."""
    return {
        "model": {"huggingface": config},
        "cluster": f"1x1x{options.gpu}",
        "training": {
            "global_batch_size": size * micro_batches,
            "sequence_length": length,
            "precision": "bf16",
            "optimizer": "adamw",
            # What PyTorch keeps gradients in: the weights' type.
            "gradient_precision": options.weights,
        },
        "plan": {
            "strategy": {
                "pipeline_parallel": 1,
                "tensor_parallel": 1,
                "data_parallel": 1,
                "micro_batch_size": size,
                "zero_stage": options.zero_stage,
                "recompute": policy,
                "schedule": "1f1b",
            }
        },
        "measured": {
            "step_seconds": seconds, **({"peak_memory_bytes": peak} if peak else {})},
    }


def measure(config, options, runs):
    """Adds runs in turn, until the time is up; those that do not fit are left out and said."""
    end = time.monotonic() + 60 * options.minutes
    for layers in options.layers:
        cut = shallow(config, layers)
        for length in options.sequence_lengths:
            for policy in options.recompute:
                # A model of its own for each: what was compiled, and the allocator, start anew.
                if time.monotonic() > end:
                    print("measure: the time is up", file=sys.stderr)
                    return
                trainer = None
                with contextlib.suppress(torch.OutOfMemoryError):
                    trainer = Trainer(cut, options)
                    trainer.recompute(policy)
                    for size, count in itertools.product(
                            options.micro_batch_sizes, options.micro_batches):
                        fresh_memory(options)
                        seconds = trainer.seconds(size, length, count)
                        runs.append(measured_run(
                            cut, options, size, length, policy, count, seconds,
                            peak_memory(options)))
                        say(layers, length, policy, size, count, f"{seconds * 1e3:8.1f} ms")
                    trainer = None
                    fresh_memory(options)
                    continue
                say(layers, length, policy, "", "", "does not fit")
                trainer = None
                fresh_memory(options)


def fresh_memory(options):
    gc.collect()
    if options.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def say(layers, length, policy, size, count, what):
    print(
        f"{layers:3} layers  {length:6} tokens  recompute {policy:4}  micro-batch {size:2} x {count:2}  {what}",
        file=sys.stderr, flush=True)


def post(url, request):
    """The answer of `/calibrate`, or nothing, which is said."""
    message = urllib.request.Request(
        url.rstrip("/") + "/calibrate", json.dumps(request).encode(),
        {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(message, timeout=120) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        print("measure: " + error.read().decode(), file=sys.stderr)
    except OSError as error:
        print(f"measure: {url}: {error}", file=sys.stderr)
    return None


def numbers(text):
    return [int(part) for part in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(
        description="Times training steps of shallow copies of a model on one GPU.")
    parser.add_argument("config", help="a Hugging Face config.json")
    parser.add_argument("--gpu", help="its name in the catalogue (default: as the driver calls it)")
    parser.add_argument("--layers", type=numbers, metavar="N,N", default=[2, 6])
    parser.add_argument("--sequence-lengths", type=numbers, metavar="N,N", default=[1024, 4096])
    parser.add_argument("--micro-batch-sizes", type=numbers, metavar="N,N", default=[1, 2])
    parser.add_argument("--micro-batches", type=numbers, metavar="N,N", default=[1, 4])
    parser.add_argument(
        "--recompute", nargs="+", choices=["none", "full"], default=["none", "full"])
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    parser.add_argument("--attention", default="sdpa", help="as transformers call it")
    parser.add_argument(
        "--weights", choices=["fp32", "bf16"], default="fp32",
        help="fp32: mixed precision by autocast; bf16: all of it")
    parser.add_argument(
        "--zero-stage", type=int, choices=[0, 1, 2, 3], default=0,
        help="how your jobs shard: 3 stands for the kernels of PyTorch's fully sharded models")
    parser.add_argument("--minutes", type=float, default=3, help="no run is started later")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help=argparse.SUPPRESS)
    parser.add_argument("--output", help="a file for the request")
    parser.add_argument("--post", metavar="URL", help="a service to send it to")
    parser.add_argument("--profile", help="a file for the cost profile that comes back")
    options = parser.parse_args()
    if options.gpu is None and options.device == "cuda":
        options.gpu = torch.cuda.get_device_name().replace(" ", "-")
    return options


def main():
    options = arguments()
    with open(options.config) as file:
        config = json.load(file)
    runs = []
    # What was measured before someone stopped it is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        measure(config, options, runs)
    request = {"runs": runs}
    if not runs:
        sys.exit("measure: nothing was measured")
    answer = post(options.post, request) if options.post else None
    if options.output or not answer:
        # Also where the service did not answer: nothing that was measured is lost.
        text = json.dumps(request, separators=(",", ":"))
        if options.output:
            with open(options.output, "w") as file:
                file.write(text + "\n")
        else:
            print(text)
    if options.post and not answer:
        sys.exit(1)
    if answer:
        if options.profile:
            with open(options.profile, "w") as file:
                json.dump(answer["cost_profile"], file)
        before, after = (
            answer[key]["mean_absolute_fraction"] for key in ("error_before", "error_after"))
        print(f"{len(request['runs'])} runs: error {before:.1%} before, {after:.1%} after")
        for parameter in answer["parameters"]:
            print(f"  {parameter['name']} = {parameter['value']:.4g} (+-{parameter['relative_error']:.0%})")


if __name__ == "__main__":
    main()
