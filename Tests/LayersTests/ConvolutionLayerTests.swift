import Layers
import TestSupport
import Testing
import Torch

/// Convolutions as layers: their shapes, and weights that are standardised.
@Suite struct ConvolutionLayerTests {
  @Test(arguments: [1, 3, 7], [1, 2, 3])
  func `a convolution gives the shape that it announces`(_ kernel: Int, _ stride: Int) {
    let plain = Conv2d(2, 5, kernel: kernel, stride: stride, using: Generator(seed: 1))
    let standardized = WeightStandardizedConv2d(
      2, 5, kernel: kernel, stride: stride, using: Generator(seed: 1))
    for (height, width) in [(1, 1), (6, 9), (13, 8)] {
      let images = randomTensor([3, 2, height, width], seed: 2)
      let shape = [3, 5, (height + stride - 1) / stride, (width + stride - 1) / stride]
      for layer in [plain, standardized] as [any WeightedLayer] {
        #expect(layer(images).shape == shape && layer.outputShape(for: images.shape) == shape)
        // Each output is a product of k² · 2 weights, at every place and for every channel.
        #expect(
          layer.multiplyAccumulates(for: shape) == kernel * kernel * 2 * 5 * shape[2] * shape[3])
      }
    }
    let linear = Linear(6, 4, using: Generator(seed: 1))
    #expect(linear.outputShape(for: [3, 6]) == [3, 4])
    #expect(linear.multiplyAccumulates(for: [3, 4]) == 24)
  }

  /// Strided 1 × 1 convolutions are computed in another way than the rest.
  @Test(arguments: [1, 3], [1, 2, 3])
  func `a convolution and its gradients are the engine's in float64`(_ kernel: Int, _ stride: Int) {
    for (channels, side, batch) in [(4, 10, 3), (3, 7, 2), (5, 1, 1)] {
      let layer = Conv2d(
        channels, 8, kernel: kernel, stride: stride, bias: .uniform(bound: 1),
        using: Generator(seed: 1))
      let images = randomTensor([batch, channels, side, side], seed: 2)
        .contiguous(.channelsLast).requiringGradient()
      var leaves = layer.parameters
      leaves["images"] = images
      let twins = leaves.map { $0.detached().converted(to: .float64).requiringGradient() }
      let output = layer(images)
      let expected = twins["images"]!.conv2d(
        twins["weight"]!, bias: twins["bias"]!, stride: stride, padding: kernel / 2)
      expectClose(output.detached(), expected.detached(), relative: 1e-4, absolute: 1e-5)
      let upstream = randomTensor(output.shape, seed: 3)
      let found = (output * upstream).sum().gradients(of: leaves)
      let wanted = (expected * upstream.converted(to: .float64)).sum().gradients(of: twins)
      for (name, gradient) in wanted {
        let scale = gradient.magnitude().max().item()
        expectClose(found[name]!, gradient, relative: 1e-4, absolute: 1e-5 * scale, name)
      }
    }
  }

  /// One channel at a time in float64: g (w − μ) / √(N σ² + 1e-4), σ² with divisor N − 1.
  private func standardized(_ weight: Tensor, _ gain: Tensor, scale: Double = 1) -> Tensor {
    let gains = gain.scalars(of: Double.self)
    let rows = weight.flattened(from: 1).scalars(of: Double.self)
    let n = rows.count / gains.count
    let values = gains.indices.flatMap { channel in
      let row = rows[channel * n..<(channel + 1) * n]
      let mean = row.reduce(0, +) / Double(n)
      let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(n - 1)
      let factor = scale * gains[channel] / (Double(n) * variance + 1e-4).squareRoot()
      return row.map { ($0 - mean) * factor }
    }
    return Tensor(values, shape: weight.shape)
  }

  @Test(arguments: [(1, 2), (3, 2), (1, 7), (3, 3), (7, 1)])
  func `standardised weights are those of the formula`(_ kernel: Int, _ channels: Int) {
    // Small weights, so that ε counts too.
    for magnitude in [1, 0.02] {
      let layer = WeightStandardizedConv2d(
        channels, 4, kernel: kernel, inputScale: 2.74, using: Generator(seed: 1))
      withoutGradients {
        layer.weight.copyInPlace(
          from: randomTensor(layer.weight.shape, seed: 3) * magnitude + 0.1)
        layer.gain.copyInPlace(from: randomTensor([4, 1, 1, 1], seed: 4))
        layer.bias.copyInPlace(from: randomTensor([4], seed: 5))
      }
      let images = randomTensor([2, channels, 7, 5], seed: 6, dtype: .float64)
      let weights = standardized(
        layer.weight.detached(), layer.gain.detached(), scale: 2.74)
      let expected = images.conv2d(
        weights, bias: layer.bias.detached().converted(to: .float64), padding: kernel / 2)
      expectClose(
        layer(images.converted(to: .float32)).detached(), expected, relative: 1e-4,
        absolute: 1e-4 * expected.magnitude().max().item())
    }
  }

  @Test func `gradients of a standardised convolution are those of finite differences`() {
    let layer = WeightStandardizedConv2d(2, 3, using: Generator(seed: 1))
    withoutGradients { layer.gain.copyInPlace(from: randomTensor([3, 1, 1, 1], seed: 4)) }
    let images = randomTensor([2, 2, 4, 4], seed: 6, dtype: .float64)
    let upstream = randomTensor([2, 3, 4, 4], seed: 7, dtype: .float64)
    func loss(_ weight: Tensor, _ gain: Tensor) -> Tensor {
      (images.conv2d(standardized(weight, gain), padding: 1) * upstream).sum()
    }
    let (weight, gain) = (layer.weight.detached(), layer.gain.detached())
    let value = (layer(images.converted(to: .float32)) * upstream.converted(to: .float32)).sum()
    let found = value.gradients(of: layer.parameters)
    let ofWeight = numericalGradient(at: weight.converted(to: .float64)) { loss($0, gain) }
    let ofGain = numericalGradient(at: gain.converted(to: .float64)) { loss(weight, $0) }
    let scale = ofWeight.magnitude().max().item()
    expectClose(found["weight"]!, ofWeight, relative: 1e-3, absolute: 1e-4 * scale)
    expectClose(found["gain"]!, ofGain, relative: 1e-3, absolute: 1e-4)
  }
}
