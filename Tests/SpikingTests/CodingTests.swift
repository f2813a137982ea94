import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Signals, objectives and what a pass measures.
@Suite struct CodingTests {
  @Test func `direct coding shows the same image at each step and keeps one copy`() {
    let images = randomTensor([2, 1, 3, 3], seed: 1)
    var pass = ForwardPass(.evaluation)
    let signal = DirectEncoding(steps: 3)(images, &pass)
    #expect(signal.isConstant && signal.copies == 3 && signal.batchSize == 2)
    #expect(signal.values.shape == [2, 1, 3, 3])
    #expect(signal.unfolded.shape == [3, 2, 1, 3, 3])
    for t in 0..<3 { #expect(signal.unfolded[t].isIdentical(to: images)) }
  }

  @Test func `time is the outer part of the folded batch`() {
    let values = Tensor((0..<6).map { Float($0) }, shape: [6, 1])
    let unfolded = Signal(stepped: values, steps: 3).unfolded
    #expect(unfolded[1].scalars(of: Float.self) == [2, 3])
  }

  @Test func `per-step cross-entropy is the mean over steps and examples`() {
    let logits = randomTensor([3, 4, 5], seed: 2, dtype: .float64)
    let labels: [Int64] = [0, 4, 2, 2]
    let o = logits.scalars(of: Double.self)
    var sum = 0.0
    for t in 0..<3 {
      for b in 0..<4 {
        let row = Array(o[(t * 4 + b) * 5..<(t * 4 + b + 1) * 5])
        let partition = row.map { Tensor($0).exponential().item() }.reduce(0, +)
        sum += Tensor(partition).logarithm().item() - row[Int(labels[b])]
      }
    }
    let mean = sum / 12
    let square = o.map { ($0 - 1) * ($0 - 1) }.reduce(0, +) / Double(o.count)
    expectClose(PerStepCrossEntropy()(logits, Tensor(labels)).item(), mean, relative: 1e-12)
    expectClose(
      PerStepCrossEntropy(meanSquareWeight: 0.05)(logits, Tensor(labels)).item(),
      0.95 * mean + 0.05 * square, relative: 1e-12)
  }

  @Test func `activity counts spikes of each layer`() {
    var pass = ForwardPass(.evaluation)
    let neuron = LIF.integrateAndFire()
    let first = neuron(Signal(constant: Tensor([0.5, 1, 0]), steps: 4), &pass)
    _ = neuron(first, &pass)
    #expect(pass.activity.map(\.spikeCount) == [6, 6])
    #expect(pass.activity.map(\.opportunities) == [12, 12])
    #expect(pass.activity[0].rate == 0.5)
    #expect(pass.spikeRate == 0.5)
  }
}
