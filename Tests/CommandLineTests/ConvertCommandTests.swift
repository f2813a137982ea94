import Experiments
import Foundation
import TestSupport
import Testing
import Torch

/// `convert`, and the commands that take its inputs as they are.
@Suite struct ConvertCommandTests {
  struct Record: Decodable {
    struct Weight: Decodable, Equatable {
      let name: String
      let type: String
      let shape: [Int]
    }
    let input: String
    let model: String
    let found: WeightNaming
    let written: WeightNaming
    let notes: [String]
    let tensors: [Weight]
  }

  private static let pth = Fixture.path("state-dicts/spikingjelly-vgg5.pth")

  /// `data.safetensors` with pictures of the fixture's size, and SpikingJelly's weights as `peer.pth`.
  private func with(_ body: (Workplace) throws -> Void) throws {
    try Workplace.with { place in
      let fixture = try Fixture.load("vgg.safetensors").tensors
      try place.write(
        ["images": fixture["images"]!, "labels": fixture["labels"]!], to: "data.safetensors")
      try place.write(Data(contentsOf: URL(fileURLWithPath: Self.pth)), to: "peer.pth")
      try body(place)
    }
  }

  private static let network =
    "--width 0.125 --classes 10 --mean 0.286 --deviation 0.353 \(Workplace.data)"

  @Test func `weights of SpikingJelly go through every command as their conversion does`() throws {
    try with { place in
      let output = try place.succeed("convert peer.pth --out ours.safetensors --json r.json")
      #expect(
        output.hasSuffix(
          "vgg5: 23 tensors, names of 'spikingjelly' to 'release', in ours.safetensors\n"))
      let record = try place.json("r.json", as: Record.self)
      #expect(record.input == "peer.pth" && record.model == "vgg5" && record.notes == [])
      #expect(record.found == .spikingjelly && record.written == .release)
      let first = Record.Weight(name: "layer1.0.weight", type: "float32", shape: [8, 1, 3, 3])
      #expect(record.tensors.first == first)

      let expected = try Fixture.load("vgg.safetensors").tensors["eval.logits"]!
      for file in ["peer.pth", "ours.safetensors"] {
        try place.succeed("predict --weights \(file) \(Self.network) --out \(file).logits")
        try expectClose(
          #require(place.tensors(file + ".logits")["logits"]), expected, relative: 0,
          absolute: 1e-4)
        try place.succeed("gradients --weights \(file) \(Self.network) --out \(file).gradients")
        try place.succeed("attack --weights \(file) \(Self.network) --attack fgsm --json \(file).a")
      }
      for kind in ["logits", "gradients"] {
        #expect(
          try place.contents("peer.pth.\(kind)") == place.contents("ours.safetensors.\(kind)"))
      }
    }
  }

  @Test func `a checkpoint of ours is exported, its network's weights alone`() throws {
    try Workplace.with(trained: true) { place in
      let before = try place.files()
      try place.succeed("convert run --out theirs.safetensors --naming spikingjelly")
      let theirs = try place.tensors("theirs.safetensors")
      let checkpoint = try place.tensors("run/checkpoints/last.safetensors")
      #expect(theirs.count == checkpoint.names.count { !$0.hasPrefix("optimizer.") })
      #expect(
        theirs["features.8.running_var"]!.isIdentical(to: checkpoint["layer2.5.running_var"]!))
      try place.succeed("predict --checkpoint run \(Workplace.data) --out a")
      try place.succeed(
        "predict --weights theirs.safetensors \(Workplace.network) \(Workplace.data) --out b")
      #expect(try place.contents("a") == place.contents("b"))
      for (name, content) in before { #expect(try place.contents(name) == content) }
    }
  }

  @Test func `notes go to standard error`() throws {
    try with { place in
      let weights = try Fixture.load("vgg.safetensors").tensors
      let own = NamedTensors(
        weights.filter { $0.hasPrefix("weights.") }
          .map { ("module." + $0.name.dropFirst("weights.".count), $0.tensor) })
      try place.write(own, to: "parallel.safetensors")
      let outcome = try place.run(
        "predict --weights parallel.safetensors \(Self.network) --out out.safetensors")
      #expect(outcome.exitCode == 0)
      #expect(
        outcome.standardError.hasPrefix(
          "note: parallel.safetensors: left out the prefix 'module.' that DataParallel puts before "
            + "every name\n"))
    }
  }

  static let bad: [BadInput] = [
    BadInput(
      "convert run/checkpoints/last.safetensors --out run/checkpoints/last.safetensors",
      "run/checkpoints/last.safetensors: expected another file for --out, found the input; name a "
        + "file of its own"),
    BadInput(
      "convert data.safetensors --out new --model vgg6",
      "--model: expected one of \(models), found 'vgg6'"),
    BadInput(
      "convert two.pth --out new",
      "two.pth: file: expected one dictionary of tensors, found 'teacher' (9 tensors), 'student' (9 "
        + "tensors); name one of them by its key, or save it alone", prepare: copy("two.pth")),
    BadInput(
      "convert evil-system.pth --out new",
      "evil-system.pth: pickle: expected tensors, numbers, texts and collections of them, found the "
        + "name posix.system; nothing was run; if you trust the file, load it in Python and save its "
        + "state_dict alone: python -c \"import torch; torch.save(torch.load('old.pth', "
        + "weights_only=False)['net'], 'new.pth')\"", prepare: copy("evil-system.pth")),
    BadInput(
      "predict --weights whole-module.pth DATA --out new",
      "whole-module.pth: pickle: expected tensors, numbers, texts and collections of them, found the "
        + "name torch.nn.modules.linear.Linear; nothing was run; if you trust the file, load it in "
        + "Python and save its state_dict alone: python -c \"import torch; "
        + "torch.save(torch.load('old.pth', weights_only=False)['net'], 'new.pth')\"",
      prepare: copy("whole-module.pth")),
  ]

  private static let models = "vgg5, vgg11, vgg13, vgg16, vgg19"

  private static func copy(_ name: String) -> @Sendable (Workplace) throws -> Void {
    { place in
      let path = Fixture.path("state-dicts/" + name)
      try place.write(Data(contentsOf: URL(fileURLWithPath: path)), to: name)
    }
  }

  @Test(arguments: bad)
  func `bad files end with one sentence`(_ row: BadInput) throws { try row.check() }
}
