#!/usr/bin/env python3
"""Clicks through the page in a headless Chromium: test_page.py BINARY [FOLDER FOR SCREENSHOTS]"""
import json
import re
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

from browser import Browser

TAB, ENTER, SPACE, DOWN = "\ue004", "\ue007", " ", "\ue015"
PLANNED = "document.querySelector('#status').textContent.startsWith('Planned')"

binary = sys.argv[1] if len(sys.argv) > 1 else ".build/debug/stagewright"
folder = sys.argv[2] if len(sys.argv) > 2 else None
service = None
address = None


def setUpModule():
    global service, address
    service = subprocess.Popen([binary, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True)
    for line in service.stderr:
        found = re.search(r"listening on (http://[^\s\"]+)", line)
        if found:
            address = found.group(1)
            return
    raise RuntimeError("the service did not start")


def tearDownModule():
    service.terminate()
    service.stderr.close()
    service.wait()


class PageTest(unittest.TestCase):
    size = (1280, 900)
    dark = False

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser(cls.size, cls.dark)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def setUp(self):
        self.browser.open("about:blank")
        self.browser.open(address + "/")
        self.browser.wait("document.querySelectorAll('#model-names option').length > 20")

    def tearDown(self):
        self.assertEqual([line for line in self.browser.complaints() if "422" not in line], [])

    def plan(self):
        self.browser.click("#submit")
        self.browser.wait(PLANNED)

    def show(self, name):
        """Takes a picture, if somebody wants to look."""
        if folder:
            self.browser.wait("!document.querySelector('#picture') || document.querySelector('#picture img')")
            self.browser.screenshot(f"{folder}/{name}.png")


class Flows(PageTest):
    def test_plans_what_stands_there(self):
        self.plan()
        self.assertRegex(self.browser.text("#answer-heading"), r"^gpt-1.5b on 8 GPUs: .*s a step$")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "answer-heading")
        stages = self.browser.texts("#stages tbody tr")
        self.assertGreaterEqual(len(stages), 1)
        self.assertRegex(self.browser.text("#proof"), "Optimal|Within")
        shares = [float(x) for x in re.findall(r"\(([\d.]+) %\)", self.browser.text("#breakdown"))]
        self.assertAlmostEqual(sum(shares), 100, delta=0.5)
        self.show("planned")

    def test_picture_has_words(self):
        self.plan()
        self.browser.wait("document.querySelector('#picture img')?.naturalWidth === 1200")
        words = self.browser.attribute("#picture img", "alt")
        self.assertIn("Memory of one GPU", words)
        self.assertIn("tokens/s", words)
        self.assertNotIn("&", words)

    def test_numbers_are_those_of_the_service(self):
        self.plan()
        curl = self.browser.text("#curl")
        body = json.loads(re.search(r"-d '(.*)'$", curl, re.S).group(1))
        request = urllib.request.Request(
            address + "/partition", json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request))
        seconds = answer["plan"]["prediction"]["tokens_per_second"]
        self.assertIn(f"{round(seconds):,}", self.browser.text("#summary"))
        self.assertEqual(len(self.browser.texts("#stages tbody tr")), len(answer["plan"]["stages"]))

    def test_whole_training_is_counted(self):
        self.assertNotIn("Whole training", self.browser.text("#answer-body"))
        self.browser.type("#training-tokens", "1e12")
        self.plan()
        # Steps of 256 sequences of 1,024 tokens.
        self.assertRegex(self.browser.text("#summary"),
                         r"Whole training\s*\d+ d \d+ h\s*3,814,698 steps, [\d,]+ GPU-hours")
        self.show("whole-training")

    def test_alternatives_can_be_looked_at(self):
        self.plan()
        rows = self.browser.texts("#alternatives tbody tr")
        self.assertGreater(len(rows), 1)
        self.assertEqual(len(rows), self.browser.run(
            "return document.querySelectorAll('#plane .point').length"))
        before = self.browser.text("#summary .how")
        self.browser.click("#alternatives tbody tr:nth-child(2) input")
        self.assertNotEqual(self.browser.text("#summary .how"), before)
        step = self.browser.text("#alternatives tbody tr:nth-child(2) td:nth-child(2)")
        self.assertIn(step.strip(), self.browser.text("#summary"))
        # The same by a click on its point.
        self.browser.run("document.querySelectorAll('#plane .point')[0].dispatchEvent("
                         "new MouseEvent('click', {bubbles: true}))")
        self.assertTrue(self.browser.run(
            "return document.querySelector('#alternatives tr:first-child input').checked"))
        self.assertEqual(self.browser.text("#summary .how"), before)

    def test_link_shares_the_question(self):
        self.browser.type("#model-name", "llama-7b")
        self.browser.type("#cluster-nodes", "2")
        self.browser.click("#constraints summary")
        self.browser.type("#search-pipeline", "4, 8")
        self.plan()
        link, heading = self.browser.url, self.browser.text("#answer-heading")
        self.assertIn("llama-7b", link)
        self.browser.open("about:blank")
        self.browser.open(link)
        self.browser.wait(PLANNED)
        self.assertEqual(self.browser.text("#answer-heading"), heading)
        self.assertEqual(self.browser.run("return document.querySelector('#search-pipeline').value"),
                         "4, 8")
        self.assertTrue(self.browser.run("return document.querySelector('#constraints').open"))
        self.assertIn(len(self.browser.texts("#stages tbody tr")), (4, 8))

    def test_going_back_asks_again(self):
        self.plan()
        first = self.browser.text("#answer-heading")
        self.browser.type("#cluster-gpus", "4")
        self.plan()
        self.assertIn("on 4 GPUs", self.browser.text("#answer-heading"))
        self.browser.back()
        self.browser.wait("document.querySelector('#cluster-gpus').value === '8'")
        self.browser.type("#cluster-nodes", "2")
        self.plan()
        self.browser.back()
        self.browser.wait("document.querySelector('#cluster-nodes').value === '1'")
        self.assertIn("gpt-1.5b on 8", first)

    def test_faults_stand_at_their_fields(self):
        self.browser.type("#model-name", "gpt-1.5c")
        self.browser.type("#cluster-gpu", "h1000")
        self.browser.type("#training-batch", "many")
        self.browser.type("#training-length", "")
        self.browser.click("#constraints summary")
        self.browser.type("#search-tensor", "0")
        self.browser.click("#constraints summary")
        self.browser.click("#submit")
        self.browser.wait("!document.querySelector('#fault-summary').hidden")
        for field in ("model-name", "cluster-gpu", "training-batch", "training-length",
                      "search-tensor"):
            self.assertEqual(self.browser.attribute("#" + field, "aria-invalid"), "true", field)
            note = self.browser.attribute("#" + field, "aria-describedby").split()[-1]
            self.assertTrue(self.browser.text("#" + note), field)
        self.assertIn("gpt-1.5b", self.browser.text("#model-name-fault"))
        self.assertTrue(self.browser.run("return document.querySelector('#constraints').open"))
        self.assertEqual(self.browser.run("return document.activeElement.id"), "model-name")
        self.show("faults")
        self.browser.click("#reset")
        self.browser.wait("document.querySelector('#fault-summary').hidden")
        self.plan()

    def test_pasted_models(self):
        self.browser.choose("#model-form", "huggingface")
        self.browser.paste("#model-huggingface", json.dumps({
            "model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16,
            "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 8192,
            "vocab_size": 128256, "tie_word_embeddings": True}))
        self.plan()
        self.assertEqual(self.browser.texts("#stages thead th")[0], "Stage")
        node = {"parameters": 1000000, "forward_flops": 1e12, "activation_bytes": 1000000}
        self.browser.choose("#model-form", "graph")
        self.browser.paste("#model-graph", json.dumps({
            "nodes": [{"id": i, **node} for i in range(8)],
            "edges": [{"source": i, "target": i + 1, "bytes": 1000} for i in range(7)]}))
        self.plan()
        self.browser.paste("#model-graph", json.dumps({
            "nodes": [{"id": 0, **node}, {"id": 0, **node}], "edges": []}))
        self.browser.click("#submit")
        self.browser.wait("document.querySelector('#model-graph-fault')")
        self.assertIn("/graph/nodes/1", self.browser.text("#model-graph-fault"))
        self.browser.paste("#model-graph", "{nodes}")
        self.browser.click("#submit")
        self.browser.wait("document.querySelector('#model-graph-fault')?.textContent.includes('not JSON')")

    def test_pasted_nodes(self):
        labels = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", "nvidia.com/gpu.count": "8",
                  "nvidia.com/gpu.memory": "81920"}
        nodes = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"gpu-{i}", "labels": labels},
                  "status": {"allocatable": {"nvidia.com/gpu": "8"}, "capacity": {"nvidia.com/gpu": "8"},
                             "conditions": [{"type": "Ready", "status": "True"}]}}
                 for i in range(2)]
        self.browser.choose("#cluster-form", "kubernetes")
        self.browser.paste("#cluster-kubernetes", json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": nodes}))
        self.plan()
        self.assertIn("on 16 GPUs", self.browser.text("#answer-heading"))
        self.assertIn("Read as 16 GPUs", self.browser.text("#cluster-read"))
        self.assertIn("gpu-1", self.browser.text("#stages"))
        link, heading = self.browser.url, self.browser.text("#answer-heading")
        self.assertNotIn("allocatable", link)
        self.browser.open("about:blank")
        self.browser.open(link)
        self.browser.wait(PLANNED)
        self.assertEqual(self.browser.text("#answer-heading"), heading)

    def test_exports_can_be_taken(self):
        self.browser.click("#constraints summary")
        self.browser.type("#search-pipeline", "2")
        self.browser.type("#search-virtual", "1")
        self.plan()
        self.browser.choose("#launcher", "megatron")
        self.browser.wait("document.querySelector('#exports pre')")
        self.assertIn("--pipeline-model-parallel-size 2", self.browser.text("#exports pre"))
        self.browser.choose("#launcher", "accelerate")
        self.browser.wait("document.querySelector('#exports .bad')")
        self.assertIn("/plan/strategy/pipeline_parallel", self.browser.text("#exports ul"))
        self.browser.choose("#launcher", "kubeflow")
        self.browser.wait("document.querySelector('#exports h4')")
        # The next plan is exported alike.
        self.browser.click("#alternatives tbody tr:nth-child(2) input")
        self.browser.wait("document.querySelector('#exports h4')")
        self.show("exports")

    def test_what_answers_may_carry(self):
        """Members that not every answer has: a frontier, reasons, stages that differ."""
        self.plan()
        request = {"model": "gpt-1.5b", "cluster": "1x8xh100",
                   "training": {"global_batch_size": 64, "sequence_length": 1024}}
        answer = json.load(urllib.request.urlopen(urllib.request.Request(
            address + "/partition", json.dumps({**request, "search": {"pipeline_parallel": 2}}).encode(),
            {"Content-Type": "application/json"})))
        plan = answer["plan"]
        answer["frontier"] = [plan, *answer["alternatives"][:2]]
        answer["explanation"] = ["Compute bounds the step.", {"detail": "A wider network would help."}]
        answer["comparison"] = {
            "one_pool": {"pool": "big", "step_seconds": 1, "times_slower": 1.25},
            "ignoring_differences": {"step_seconds": 1, "times_slower": 2}}
        plan["stages"][0].update(tensor_parallel=2, data_parallel=4, micro_batch_shares=[5, 5, 3, 3])
        self.browser.run("showAnswer(arguments[0], arguments[1])", answer, request)
        self.assertEqual(self.browser.texts("#explanation li"),
                         ["Compute bounds the step.", "A wider network would help."])
        self.assertEqual(self.browser.texts("#comparison li"), [
            "On big alone a step takes 1.25 times as long.",
            "Split as if all GPUs were alike a step takes 2.00 times as long."])
        self.assertIn("5 + 5 + 3 + 3", self.browser.text("#stages tbody tr"))
        self.assertEqual(self.browser.texts("#alternatives td:nth-child(5)").count("yes"), 3)
        self.assertEqual(self.browser.run("return document.querySelectorAll('#plane .frontier').length"), 1)
        self.browser.wait("document.querySelector('#picture').textContent || "
                          "document.querySelector('#picture img')")

    def test_no_plan_says_why(self):
        self.browser.choose("#cluster-form", "pools")
        self.browser.paste("#cluster-pools", json.dumps({"pools": [
            {"gpu": "v100-sxm2-16gb", "nodes": 1, "gpus_per_node": 1}]}))
        self.browser.type("#model-name", "llama-13b")
        self.browser.click("#submit")
        self.browser.wait("document.querySelector('#status').textContent.startsWith('No plan')")
        self.assertIn("Nothing fits", self.browser.text("#reason"))
        self.assertIn("does not fit", self.browser.text("#summary"))
        self.show("infeasible")

    def test_keyboard_alone(self):
        self.browser.run("document.querySelector('#model-form').focus()")
        order = []
        for _ in range(40):
            self.browser.press([TAB])
            order.append(self.browser.run("return document.activeElement.id"))
            if order[-1] == "submit":
                break
        self.assertEqual(order[0], "model-name")
        self.assertEqual(order[-1], "submit")
        self.browser.press([ENTER])
        self.browser.wait(PLANNED)
        self.browser.run("document.querySelector('#alternatives input').focus()")
        before = self.browser.text("#summary")
        self.browser.press([DOWN])
        self.browser.wait("document.querySelector('#summary').textContent !== arguments[0]", before)

    def test_screen_reader_names(self):
        self.plan()
        nameless = self.browser.run("""
          return [...document.querySelectorAll('input, select, textarea, button, [role=region]')]
            .filter(e => !e.labels?.length && !e.ariaLabel && !e.textContent.trim())
            .map(e => e.outerHTML)""")
        self.assertEqual(nameless, [])
        levels = self.browser.run(
            "return [...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
        self.assertEqual(levels[:2], [1, 2])
        self.assertTrue(all(b - a <= 1 for a, b in zip(levels, levels[1:])))
        tree = self.browser.command("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in tree if not node.get("ignored")]
        for role in ("banner", "main", "contentinfo", "form", "status", "image", "table"):
            self.assertIn(role, roles)

    def test_policy_forbids_what_is_not_ours(self):
        response = urllib.request.urlopen(urllib.request.Request(
            address + "/", headers={"Accept": "text/html"}))
        policy = response.headers["Content-Security-Policy"]
        self.assertNotIn("unsafe", policy)
        self.browser.run("const s = document.createElement('style'); s.textContent = "
                         "'body{display:none}'; document.head.append(s);")
        self.assertEqual(self.browser.run("return getComputedStyle(document.body).display"), "block")
        self.assertTrue(any("Content Security Policy" in line for line in self.browser.complaints()))
        document = response.read().decode()
        self.assertEqual(re.findall(r'(?:src|href)="(?:https?:)?//', document), [])

    def test_terminals_get_text(self):
        for accept in ("*/*", "text/plain"):
            response = urllib.request.urlopen(urllib.request.Request(
                address + "/", headers={"Accept": accept}))
            self.assertTrue(response.headers["Content-Type"].startswith("text/plain"))
            greeting = response.read().decode()
            command = re.search(r"  (curl .*?\}\}')", greeting, re.S).group(1)
            report = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
            self.assertTrue(report.stdout.startswith("gpt-1.5b on 1x8xh100-sxm5-80gb: "))


class Dark(PageTest):
    dark = True

    def test_is_dark(self):
        self.browser.type("#cluster-nodes", "4")
        self.browser.click("#constraints summary")
        self.browser.type("#search-pipeline", "4")
        self.plan()
        colour = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        self.assertEqual(colour, "rgb(13, 17, 23)")
        self.show("dark")


class Narrow(PageTest):
    size = (360, 740)

    def test_nothing_sticks_out(self):
        self.plan()
        self.browser.wait("document.querySelector('#picture img')")
        self.assertLessEqual(
            self.browser.run("return document.documentElement.scrollWidth"), 360)
        small = self.browser.run("""
          return [...document.querySelectorAll('button, input:not([type=radio]), select, summary')]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 22).map(e => e.id)""")
        self.assertEqual(small, [])
        self.show("narrow")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
