import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// Whole networks by the kernels that make them fast, against float64: there convolutions are the engine's, and neurons
/// and pools composed of tensor operations. Batch norm has tests of its own, so has the choice of short convolutions
/// (`WinogradTests`).
@Suite(.serialized) struct FastPathTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: ModelName
    let steps: Int
    let images: Int
    var testDescription: String { "\(name.rawValue), \(images) images, T = \(steps)" }
  }

  static let rows = [ModelName.vgg11, .resnet18].flatMap { name in
    [(1, 1), (1, 3), (3, 1), (3, 3)].map { Row(name: name, steps: $0, images: $1) }
  }

  /// Wide enough that convolutions take the short ones. Neurons give the surrogate's primitive: rounding can flip no spike.
  private func results(_ row: Row, _ dtype: DType, _ mode: Mode) throws -> NamedTensors {
    var neuron = LIF(surrogate: .arctan(width: 1), isSpiking: false)
    if dtype == .float64 { neuron.implementation = .composed }
    let network = try ModelDesign(
      row.name, classes: 7, channels: 3, imageSize: 32, width: 0.5, neuron: neuron
    ).network(using: Generator(seed: 3))
    let setData = try Operator("aten::set_data")
    for (_, tensor) in network.weights {
      _ = try setData.results(tensor, tensor.detached().converted(to: dtype))
    }
    let images = randomTensor([row.images, 3, 32, 32], seed: 4).sigmoid().converted(to: dtype)
      .requiringGradient()
    var pass = ForwardPass(mode)
    let logits = network(DirectEncoding(steps: row.steps)(images, &pass), &pass)
    var leaves = network.parameters
    leaves["images"] = images
    var results = PerStepCrossEntropy()(logits, Tensor(Array([0, 3, 6].prefix(row.images))))
      .gradients(of: leaves)
    results["logits"] = logits.detached()
    return results
  }

  @Test(arguments: rows, [Mode.training, .evaluation])
  func `fast kernels give the logits and gradients of float64`(
    row: Row, mode: Mode
  ) throws {
    let before = Engine.threads
    defer { Engine.threads = before }
    let exact = try results(row, .float64, mode)
    for threads in [1, 3] {
      Engine.threads = threads
      let fast = try results(row, .float32, mode)
      #expect(fast.names == exact.names)
      for (name, expected) in exact {
        var size = expected.norm().item()
        // A convolution's bias before batch norm has no gradient in training but rounding's.
        if mode == .training, name.hasSuffix("bias"),
          let weight = exact[name.dropLast(4) + "weight"]
        {
          size = max(size, weight.norm().item())
        }
        let error = (fast[name]!.converted(to: .float64) - expected).norm().item()
        #expect(error <= 1e-4 * size, "\(name), \(threads) threads: off by \(error) of \(size)")
      }
    }
    #expect(exact["images"]!.norm().item() > 0)
  }
}
