import Datasets
import Experiments
import Foundation
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch
import Training

/// `predict` and `gradients` against the library, from a checkpoint and from bare weights.
@Suite struct ExchangeTests {
  struct Record: Decodable {
    let network: NetworkRecipe
    let weights: String
    let data: DatasetFacts
    let clean: Score?
    let training: Bool?
    let norms: [String: Double]?
  }

  static let source = "--checkpoint run/checkpoints/last.safetensors " + Workplace.data

  /// Logits `[T, N, classes]` of all images at once.
  private func logits(_ place: Workplace, _ mode: Mode, count: Int = 40) throws -> (
    logits: Tensor, labels: Tensor, network: LoadedNetwork
  ) {
    let loaded = try LoadedNetwork(checkpoint: place.path("run/checkpoints/last.safetensors"))
    let data = try place.tensors("data.safetensors")
    var pass = ForwardPass(mode)
    let logits = loaded.network(DirectEncoding(steps: 3)(data["images"]![0..<count], &pass), &pass)
    return (logits, data["labels"]![0..<count], loaded)
  }

  @Test func `predict writes every step's logits, and the accuracy that follows from them`() throws
  {
    try Workplace.with(trained: true) { place in
      let output = try place.succeed("predict \(Self.source) --out out.safetensors --json r.json")
      let found = try #require(place.tensors("out.safetensors")["logits"])
      let (expected, labels, _) = try logits(place, .evaluation)
      #expect(found.shape == [3, 40, 4])
      expectClose(found, expected, relative: 1e-5, absolute: 1e-6)
      let correct = (found.mean(along: [0]).argmax(along: 1) .== labels).sum().item()
      let record = try place.json("r.json", as: Record.self)
      #expect(record.clean == Score(correct: Int(correct), total: 40))
      #expect(output.contains("\(Int(correct))/40") && output.hasSuffix("in out.safetensors\n"))
      #expect(record.data.count == 40 && record.data.split == .test)

      try place.succeed("predict \(Self.source) --limit 7 --split train --out few.safetensors")
      let few = try #require(place.tensors("few.safetensors")["logits"])
      expectClose(few, expected.slicing(0..<7, along: 1), relative: 1e-5, absolute: 1e-6)
    }
  }

  @Test func `bare weights with the network's options give the same bytes`() throws {
    try Workplace.with(trained: true) { place in
      var weights = try place.tensors("run/checkpoints/last.safetensors")
        .filter { !$0.hasPrefix("optimizer.") }
      // PyTorch's batch norm has one; it is accepted and not used.
      weights["layer1.1.num_batches_tracked"] = Tensor(40)
      try place.write(weights, to: "bare.safetensors")
      try place.succeed("predict \(Self.source) --out a.safetensors")
      try place.succeed(
        "predict --weights bare.safetensors --model vgg5 --classes 4 --head released "
          + "\(Workplace.network) \(Workplace.data) --out b.safetensors")
      #expect(try place.contents("a.safetensors") == place.contents("b.safetensors"))
      // Other options are another function.
      try place.succeed(
        "predict --weights bare.safetensors --width 0.125 --time-steps 3 --tau 2 "
          + "\(Workplace.data) --out c.safetensors")
      #expect(try place.contents("a.safetensors") != place.contents("c.safetensors"))
    }
  }

  @Test(arguments: [Mode.evaluation, .training])
  func `gradients are those of the per-step cross-entropy`(_ mode: Mode) throws {
    try Workplace.with(trained: true) { place in
      let before = try place.files()
      let flag = mode == .training ? " --training" : ""
      try place.succeed(
        "gradients \(Self.source) --limit 16 --out g.safetensors --json r.json" + flag)
      let found = try place.tensors("g.safetensors")
      let (logits, labels, loaded) = try logits(place, mode, count: 16)
      // By its definition, step by step.
      let loss = (0..<3).map { logits[$0].crossEntropy(labels) }.reduce(Tensor(Float(0)), +) / 3
      let expected = loss.gradients(of: loaded.network.parameters)
      #expect(Set(found.names) == Set(expected.names))
      let record = try place.json("r.json", as: Record.self)
      for (name, gradient) in expected {
        let scale = gradient.norm().item()
        expectClose(found[name]!, gradient, relative: 1e-4, absolute: 1e-5 * scale + 1e-7, name)
        expectClose(record.norms![name]!, found[name]!.norm().item(), relative: 1e-6)
      }
      #expect(found["layer1.0.weight"]!.norm().item() > 1e-4, "no gradient reaches the stem")
      #expect(record.training == (mode == .training) && record.data.split == .train)
      for (name, content) in before { #expect(try place.contents(name) == content) }
    }
  }
}
