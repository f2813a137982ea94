import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

@Suite struct VGGTests {
  private func configuration(
    _ depth: VGGConfiguration.Depth, size: Int = 32, width: Double = 1.0 / 16,
    head: VGGConfiguration.Head = .compact, neuron: LIF = LIF()
  ) -> VGGConfiguration {
    VGGConfiguration(
      depth, classes: 7, channels: 3, imageSize: size, width: width, head: head, neuron: neuron)
  }

  /// Convolutions and weights of the published networks: sums over 3 × 3 kernels, biases, norms and the head.
  @Test(arguments: [
    (VGGConfiguration.Depth.vgg5, 3, 223_232 + 640 + 128 * 49 * 10 + 10),
    (.vgg11, 8, 9_220_480 + 5_504 + 512 * 49 * 10 + 10),
    (.vgg13, 10, 9_404_992 + 5_888 + 512 * 49 * 10 + 10),
    (.vgg16, 13, 14_714_688 + 8_448 + 512 * 49 * 10 + 10),
    (.vgg19, 16, 20_024_384 + 11_008 + 512 * 49 * 10 + 10),
  ])
  func `has the published number of convolutions and parameters`(
    _ depth: VGGConfiguration.Depth, _ convolutions: Int, _ parameters: Int
  ) throws {
    let network = try VGG(
      VGGConfiguration(depth, classes: 10, channels: 3, imageSize: 32), using: Generator(seed: 0))
    let weights = network.parameters
    #expect(weights.tensors.count { $0.rank == 4 } == convolutions)
    #expect(weights.tensors.reduce(0) { $0 + $1.count } == parameters)
    #expect(weights["classifier.1.weight"]!.shape == [10, depth == .vgg5 ? 6272 : 25088])
  }

  @Test(arguments: [VGGConfiguration.Head.released, .compact], [32, 37])
  func `computing the stem once changes neither logits nor gradients nor statistics`(
    _ head: VGGConfiguration.Head, _ size: Int
  ) throws {
    for mode in [Mode.training, .evaluation] {
      var outcomes: [(Tensor, NamedTensors, NamedTensors)] = []
      for isConstant in [true, false] {
        let network = try VGG(
          configuration(.vgg5, size: size, head: head, neuron: LIF(surrogate: .arctan(width: 1))),
          using: Generator(seed: 3))
        let doubled = network.parameters.map { $0 }
        let images = randomTensor([3, 3, size, size], seed: 4).sigmoid().requiringGradient()
        var pass = ForwardPass(mode)
        let once = DirectEncoding(steps: 5)(images, &pass)
        let signal = isConstant ? once : Signal(stepped: once.folded, steps: 5)
        let logits = network(signal, &pass)
        var leaves = doubled
        leaves["images"] = images
        let loss = PerStepCrossEntropy()(logits, Tensor([0, 3, 6] as [Int64]))
        outcomes.append((logits.detached(), loss.gradients(of: leaves), network.buffers))
      }
      let (once, repeated) = (outcomes[0], outcomes[1])
      expectClose(once.0, repeated.0, relative: 1e-4, absolute: 1e-5)
      for (name, gradient) in repeated.1
      where !name.hasSuffix(".0.bias") && !name.hasSuffix(".4.bias") {
        expectClose(
          once.1[name]!, gradient, relative: 1e-3,
          absolute: 1e-4 * gradient.magnitude().max().item(), "\(mode) \(name)")
      }
      for (name, buffer) in repeated.2 {
        expectClose(once.2[name]!, buffer, relative: 2e-6, absolute: 1e-7, "\(mode) \(name)")
      }
    }
  }

  @Test func `networks that cannot be built say why`() {
    func message(_ configuration: VGGConfiguration) -> String {
      do {
        _ = try VGG(configuration, using: Generator(seed: 0))
        return "built"
      } catch { return error.description }
    }
    #expect(
      message(configuration(.vgg11, size: 28))
        == "vgg11 halves the image 5 times and needs at least 32 × 32 pixels, "
        + "found 28 × 28; use vgg5, or pad the images")
    #expect(
      message(configuration(.vgg5, width: 0)) == "width: expected above 0, at most 16, found 0.0")
    var one = configuration(.vgg5)
    one.classes = 1
    #expect(message(one) == "classes: expected at least 2, found 1")
    one = configuration(.vgg5)
    one.channels = 1
    #expect(
      message(one)
        == "pixel normalisation: expected as many as the images have (1), found 3 channels")
    #expect(message(configuration(.vgg5, size: 4)) == "built")
  }
}
