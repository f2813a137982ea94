import Layers
import TestSupport
import Testing
import Torch

@Suite struct LayerTests {
  @Test func `initial weights have Kaiming's deviation, fan out`() {
    let layer = Conv2d(64, 128, using: Generator(seed: 1))
    let deviation = layer.weight.detached().variance(along: [0, 1, 2, 3]).squareRoot().item()
    expectClose(deviation, (2.0 / (128 * 9)).squareRoot(), relative: 0.01)
    #expect(layer.bias!.detached().norm().item() == 0)
    let linear = Linear(300, 200, using: Generator(seed: 1))
    expectClose(
      linear.weight.detached().variance(along: [0, 1]).squareRoot().item(), 0.01, relative: 0.02)
  }

  @Test func `batch norm normalises by the batch in training, by running statistics otherwise`() {
    let norm = BatchNorm2d(3)
    let x = randomTensor([4, 3, 5, 2], seed: 2) * 3 + 1
    let mean = x.mean(along: [0, 2, 3], keeping: true)
    let variance = x.variance(along: [0, 2, 3], correction: 0, keeping: true)
    let expected = (x - mean) / (variance + 1e-5).squareRoot()
    let y = norm(x, .training)
    expectClose(y, expected, relative: 1e-4, absolute: 1e-5)
    expectClose(norm.runningMean, mean.flattened() * 0.1, relative: 1e-5, absolute: 1e-6)
    expectClose(
      norm.runningVariance, x.variance(along: [0, 2, 3]) * 0.1 + 0.9, relative: 1e-5)
    let kept = norm.runningVariance.copied()
    let z = norm(x, .evaluation)
    let shape = [1, 3, 1, 1]
    expectClose(
      z,
      (x - norm.runningMean.reshaped(shape))
        / (norm.runningVariance.reshaped(shape) + 1e-5).squareRoot(), relative: 1e-4,
      absolute: 1e-5)
    #expect(norm.runningVariance.isIdentical(to: kept))
  }

  @Test(arguments: [2, 5]) func `one call for T copies moves the statistics like T copies`(
    _ copies: Int
  ) {
    let (once, repeated) = (BatchNorm2d(3), BatchNorm2d(3))
    let x = randomTensor([2, 3, 3, 1], seed: 3)  // few numbers: the divisor n − 1 matters
    let y = once(x, .training, copies: copies)
    let z = repeated(x.tiled([copies, 1, 1, 1]), .training)
    expectClose(y, z[0..<2], relative: 1e-5, absolute: 1e-6)
    expectClose(once.runningMean, repeated.runningMean, relative: 1e-6, absolute: 1e-8)
    expectClose(once.runningVariance, repeated.runningVariance, relative: 1e-6)
    let plain = BatchNorm2d(3)
    _ = plain(x, .training)
    let difference = (plain.runningVariance - once.runningVariance).norm().item()
    #expect(difference > 1e-4, "the case must tell the divisors apart")
  }

  @Test func `pixel normalisation works channel by channel`() {
    let norm = PixelNormalization(mean: [0.5, 0.25], standardDeviation: [0.5, 2])
    let x = Tensor([1, 0, 0.25, 2.25] as [Double], shape: [1, 2, 1, 2])
    #expect(norm(x).scalars(of: Double.self) == [1, -1, 0, 1])
  }

  @Test func `weights of another network are refused by name, shape and value`() throws {
    let layer = Linear(2, 3, using: Generator(seed: 1))
    let before = layer.weights.map { $0.copied() }
    let good: NamedTensors = ["weight": Tensor.ones([3, 2]), "bias": Tensor.ones([3])]
    func message(_ change: (inout NamedTensors) -> Void) -> String {
      var values = good
      change(&values)
      do {
        try layer.load(values)
        return "loaded"
      } catch { return error.description }
    }
    #expect(
      message {
        $0["bias"] = nil
        $0["gain"] = Tensor.ones([1])
      }
        == "the weights belong to another network: missing 'bias'; not in this network 'gain'; "
        + "name the model, head, width and classes that they were made for")
    #expect(
      message { $0["weight"] = Tensor.ones([2, 3]) }
        == "'weight': expected shape [3, 2], found [2, 3]; "
        + "name the width, channels, head and classes that the weights were made for")
    #expect(
      message { $0["bias"] = Tensor([0, .nan, 0] as [Float]) }
        == "'bias' holds infinite or NaN numbers; use a checkpoint from before training diverged")
    for (name, value) in layer.weights { #expect(value.isIdentical(to: before[name]!)) }
    #expect(message { $0["num_batches_tracked"] = Tensor(Int64(3)) } == "loaded")
    #expect(layer.weight.detached().isIdentical(to: Tensor.ones([3, 2])))
    #expect(layer.weight.requiresGradient)
  }

  /// One image whose map is one pixel: the engine would leave NaN in the running variance.
  @Test(arguments: [1, 4])
  func `batch norm of one value keeps its statistics finite`(copies: Int) {
    let layer = BatchNorm2d(2)
    withoutGradients { layer.bias.addInPlace(Tensor([Float(0.5), -1])) }
    let input = Tensor([Float(3), 7], shape: [1, 2, 1, 1]).requiringGradient()
    let output = layer(input, .training, copies: copies)
    expectClose(
      output, Tensor([Float(0.5), -1], shape: [1, 2, 1, 1]), relative: 0, absolute: 1e-3)
    #expect(output.sum().gradients(of: ["x": input])["x"]!.isFinite().allTrue())
    expectClose(layer.runningMean, Tensor([Float(0.3), 0.7]), relative: 1e-6)
    // Copies of one value have the variance 0; one value alone has none.
    let variance: Float = copies == 1 ? 1 : 0.9
    expectClose(layer.runningVariance, Tensor([variance, variance]), relative: 1e-6)
  }
}
