import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Rate coding: a Bernoulli draw for each pixel, example and step.
@Suite struct PoissonEncodingTests {
  private func code(_ images: Tensor, steps: Int, seed: UInt64) -> Tensor {
    var pass = ForwardPass(.training, using: Generator(seed: seed))
    return PoissonEncoding(steps: steps)(images, &pass).unfolded
  }

  @Test(arguments: [DType.float32, .float64])
  func `a pixel spikes as often as its value says, each step for itself`(_ dtype: DType) {
    let probabilities = [0, 0.004, 0.1, 0.25, 0.5, 0.9, 1]
    let (batch, steps) = (50, 200)
    let images = Tensor(probabilities).converted(to: dtype).reshaped([1, 1, 1, 7])
      .tiled([batch, 1, 1, 1])
    let spikes = code(images, steps: steps, seed: 7).converted(to: .float64)
    #expect(spikes.shape == [steps, batch, 1, 1, 7])
    #expect((spikes * (1 - spikes)).magnitude().max().item() == 0, "neither 0 nor 1")
    let n = Double(batch * steps)
    // Spikes of an example over all steps are binomial: variance T p (1 − p), and of the sample variance over B
    // examples the deviation is about √(2/B) of it.
    let counts = spikes.sum(along: [0, 2, 3])  // B × 7
    let mean = spikes.mean(along: [0, 1, 2, 3]).scalars(of: Double.self)
    let spread = counts.variance(along: [0]).scalars(of: Double.self)
    // Neighbours in time: their product has mean p², unless a step repeats another's draw.
    let together = (spikes[0..<steps - 1] * spikes[1..<steps]).mean(along: [0, 1, 2, 3])
      .scalars(of: Double.self)
    for (index, p) in probabilities.enumerated() {
      let variance = p * (1 - p)
      #expect(abs(mean[index] - p) <= 5 * (variance / n).squareRoot(), "\(p)")
      expectClose(spread[index], Double(steps) * variance, relative: 0.7)
      #expect(abs(together[index] - p * p) <= 5 * (2 * p * p * variance / n).squareRoot() + 1e-3)
    }
  }

  @Test func `black never spikes and white always does`() {
    let images = Tensor([0, 1] as [Float], shape: [1, 1, 1, 2]).tiled([100, 1, 30, 1])
    let spikes = code(images, steps: 20, seed: 1)
    #expect(spikes.isIdentical(to: images.unsqueezed(0).tiled([20, 1, 1, 1, 1])))
  }

  @Test func `the gradient goes straight through, summed over steps`() {
    let pixels = Tensor.uniform([2, 3, 4, 5], using: Generator(seed: 2))
    let leaf = pixels.requiringGradient()
    var pass = ForwardPass(.training, using: Generator(seed: 3))
    let signal = PoissonEncoding(steps: 6)(leaf, &pass)
    #expect(signal.unfolded.detached().isIdentical(to: code(pixels, steps: 6, seed: 3)))
    let weight = randomTensor([6, 2, 3, 4, 5], seed: 4)
    let gradient = (signal.unfolded * weight).sum().gradients(of: [leaf])[0]
    expectClose(gradient, weight.sum(along: [0]), relative: 1e-5, absolute: 1e-6)
  }

  @Test func `the same seed gives the same spikes and a pass goes on in its sequence`() {
    let images = Tensor.uniform([3, 1, 8, 8], using: Generator(seed: 5))
    #expect(code(images, steps: 4, seed: 6).isIdentical(to: code(images, steps: 4, seed: 6)))
    #expect(!code(images, steps: 4, seed: 6).isIdentical(to: code(images, steps: 4, seed: 7)))
    var pass = ForwardPass(.training, using: Generator(seed: 6))
    let pieces = [1, 3].map { PoissonEncoding(steps: $0)(images, &pass).unfolded }
    #expect(Tensor.concatenating(pieces).isIdentical(to: code(images, steps: 4, seed: 6)))
  }

  @Test(
    arguments: [([3, 1, 8, 8], 1), ([5, 3, 7, 9], 4), ([1, 2, 1, 3], 9), ([4, 3, 33, 31], 3)],
    [DType.float32, .float64])
  func `steps drawn one by one are those of the whole signal, bit for bit`(
    _ size: (shape: [Int], steps: Int), _ dtype: DType
  ) {
    let images = Tensor.uniform(size.shape, dtype: dtype, using: Generator(seed: 8))
    func check(_ encoder: some Encoder) {
      var (whole, walked) = (
        ForwardPass(.training, using: Generator(seed: 9)),
        ForwardPass(.training, using: Generator(seed: 9))
      )
      let signal = encoder(images, &whole)
      let steps = (0..<size.steps).map { encoder.step($0, of: images, &walked).unsqueezed(0) }
      #expect(Tensor.concatenating(steps).isIdentical(to: signal.unfolded))
      #expect(whole.generator!.state.isIdentical(to: walked.generator!.state))
    }
    check(PoissonEncoding(steps: size.steps))
    check(DirectEncoding(steps: size.steps))
  }

  @Test func `a pass without a generator traps and says what to give it`() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var pass = ForwardPass(.training)
      _ = PoissonEncoding(steps: 2)(Tensor.zeros([1, 1, 2, 2]), &pass)
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("give the pass a generator"))
  }

  @Test func `codes say whether they send spikes`() {
    #expect(PoissonEncoding(steps: 1).emitsSpikes && !DirectEncoding(steps: 1).emitsSpikes)
  }
}
