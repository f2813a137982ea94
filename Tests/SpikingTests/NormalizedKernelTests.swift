import TestSupport
import Testing
import Torch

/// The operator `spikeguard::lif_normalized` itself: what it refuses, and what it does without weight or bias.
@Suite struct NormalizedKernelTests {
  /// The kernel as it is called from ``LIF``, with two steps of three channels unless said otherwise.
  private struct Call {
    var x = randomTensor([4, 3, 4, 4], seed: 1).contiguous(.channelsLast)
    var weight: Tensor? = Tensor.ones([3])
    var bias: Tensor? = Tensor.ones([3])
    var mean = Tensor.zeros([3])
    var variance = Tensor.ones([3])
    var isOfBatch = false
    var isPooled = true
    var steps = 2

    func spikes() throws(TorchError) -> Tensor {
      try Operator("spikeguard::lif_normalized").results(
        x, weight, bias, mean, variance, 1e-5, isOfBatch, isPooled, steps, false, 0.1, 1.0, 1.0, 0,
        false, 0, 1.0, 1.0, true, true, false)[0].tensor
    }

    func isRefused() -> Bool {
      do throws(TorchError) {
        _ = try spikes()
        return false
      } catch { return error.message.contains("expected") }
    }
  }

  @Test func `images and numbers that do not fit are refused by the kernel`() {
    #expect(!Call().isRefused())
    #expect(Call(x: randomTensor([4, 3, 4, 4], seed: 1)).isRefused())
    #expect(Call(x: randomTensor([4, 3, 4], seed: 1), isPooled: false).isRefused())
    let odd = randomTensor([4, 3, 5, 4], seed: 1).contiguous(.channelsLast)
    #expect(Call(x: odd).isRefused() && !Call(x: odd, isPooled: false).isRefused())
    #expect(Call(steps: 3).isRefused())
    let (longer, double) = (Tensor.ones([4]), Tensor.ones([3], dtype: .float64))
    for wrong in [longer, double, Tensor.ones([1, 3])] {
      #expect(Call(weight: wrong).isRefused())
      #expect(Call(bias: wrong).isRefused())
      #expect(Call(mean: wrong).isRefused())
      #expect(Call(variance: wrong).isRefused())
    }
  }

  @Test(arguments: [true, false])
  func `without weight and bias it computes as with ones and zeros`(isOfBatch: Bool) throws {
    let x = (randomTensor([8, 3, 4, 4], seed: 1) * 2).contiguous(.channelsLast)
    let call = { (weight: Tensor?, bias: Tensor?) in
      let x = x.detached().requiringGradient()
      let spikes = try Call(x: x, weight: weight, bias: bias, isOfBatch: isOfBatch).spikes()
      let direction = randomTensor(spikes.shape, seed: 2)
      return (spikes, (spikes * direction).sum().gradients(of: [x])[0])
    }
    let (one, zero) = (Tensor.ones([3]), Tensor.zeros([3]))
    let (expected, gradient) = try call(one, zero)
    #expect(gradient.norm().item() > 0 && expected.norm().item() > 0)
    for (weight, bias) in [(nil, nil), (one, nil), (nil, zero)] as [(Tensor?, Tensor?)] {
      let (found, itsGradient) = try call(weight, bias)
      #expect(found.isIdentical(to: expected))
      #expect(itsGradient.isIdentical(to: gradient))
    }
  }

  /// One image keeps channels-last order under any stride between images.
  @Test(arguments: [true, false])
  func `strides that mean nothing change no bit`(isOfBatch: Bool) throws {
    let shape = [1, 3, 4, 4]
    let dense = (randomTensor(shape, seed: 1) * 2).contiguous(.channelsLast)
    let asStrided = try Operator("aten::as_strided")
    let strange = { (t: Tensor) in try asStrided(t, shape, [3, 1, 12, 3], 0) }
    let direction = randomTensor(shape, seed: 2)
    func results(_ x: Tensor, _ direction: Tensor) throws -> [Tensor] {
      let x = x.requiringGradient()
      let spikes = try Call(x: x, isOfBatch: isOfBatch, isPooled: false, steps: 1).spikes()
      return [spikes]
        + (try vectorJacobianProduct(outputs: [spikes], inputs: [x], vectors: [direction]))
    }
    let expected = try results(dense, direction)
    #expect(expected[1].norm().item() > 0)
    for x in [dense, try strange(dense)] {
      for direction in [direction, try strange(direction.contiguous(.channelsLast))] {
        for (a, b) in zip(try results(x, direction), expected) { #expect(a.isIdentical(to: b)) }
      }
    }
  }
}
