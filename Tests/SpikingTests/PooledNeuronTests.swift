import Layers
import TestSupport
import Testing
import Torch

@testable import Spiking

/// Spikes that are averaged before they reach memory, against spikes that are averaged afterwards: the same bits.
@Suite struct PooledNeuronTests {
  struct Row: Sendable, CustomStringConvertible {
    var steps = 4
    var map = [3, 6, 4]
    var images = 2
    var isConstant = false
    var neuron = LIF()
    var dtype = DType.float32
    var isChannelsLast = true

    var description: String {
      "\(images) of \(map), \(steps) steps, constant \(isConstant), \(dtype), \(neuron)"
    }
    var isFused: Bool {
      isChannelsLast && map[1].isMultiple(of: 2) && map[2].isMultiple(of: 2)
        && neuron.implementation == .fused
    }

    func signal() -> Signal {
      let x = (randomTensor([isConstant ? images : steps * images] + map, seed: 1) * 1.5)
        .converted(to: dtype)
      let values = (isChannelsLast ? x.contiguous(.channelsLast) : x).requiringGradient()
      return isConstant
        ? Signal(constant: values, steps: steps) : Signal(stepped: values, steps: steps)
    }
  }

  static let rows: [Row] = [
    Row(), Row(steps: 1), Row(steps: 7, map: [33, 2, 10], images: 3),
    Row(isConstant: true), Row(steps: 1, images: 1, isConstant: true), Row(dtype: .float64),
    Row(neuron: LIF(reset: .hard, decaysInput: true, surrogate: .arctan(width: 0.7))),
    Row(neuron: LIF(surrogate: .sigmoid(width: 0.5), temporalGradient: .withinStep)),
    Row(neuron: LIF(isSpiking: false)), Row(map: [64, 32, 32]),
    // These are pooled afterwards.
    Row(map: [3, 7, 4]), Row(map: [3, 4, 5]), Row(isChannelsLast: false),
    Row(neuron: LIF(implementation: .composed)), Row(map: [1, 4, 4]),
  ]

  /// Means, activity, gradient of the input, and the gradient of that with respect to input and direction.
  static func results(_ row: Row, isPooled: Bool) throws -> (tensors: [Tensor], activity: [Double])
  {
    let signal = row.signal()
    var pass = ForwardPass(.training)
    let output =
      isPooled
      ? row.neuron.averagePooled(signal, &pass)
      : row.neuron(signal, &pass).map { $0.averagePool2d(2) }
    #expect(!output.isConstant && output.steps == row.steps)
    let direction = randomTensor(output.values.shape, seed: 2).converted(to: row.dtype)
      .requiringGradient()
    let plain = try vectorJacobianProduct(
      outputs: [output.values], inputs: [signal.values], vectors: [direction], retainGraph: true)
    let first = try vectorJacobianProduct(
      outputs: [output.values], inputs: [signal.values], vectors: [direction], createGraph: true)
    let cotangent = randomTensor(signal.values.shape, seed: 3).converted(to: row.dtype)
    let second = try vectorJacobianProduct(
      outputs: first, inputs: [signal.values, direction], vectors: [cotangent])
    return (
      [output.values] + plain + first + second,
      pass.activity.flatMap { [$0.spikeCount, Double($0.opportunities)] }
    )
  }

  @Test(arguments: rows) func `the same bits as a pool after the layer`(row: Row) throws {
    let (pooled, after) = try (
      Self.results(row, isPooled: true), Self.results(row, isPooled: false)
    )
    #expect(pooled.activity == after.activity && pooled.activity.count == 2)
    for (found, expected) in zip(pooled.tensors, after.tensors) {
      #expect(found.isIdentical(to: expected))
    }
    #expect(row.neuron.isSpiking == false || pooled.activity[0] > 0)
    #expect(pooled.tensors[1].norm().item() > 0)
    #expect((row.neuron.fusedAveragePool(row.signal()) != nil) == row.isFused)
  }

  @Test func `the number of threads changes no bit`() throws {
    let row = Row(map: [16, 32, 32], images: 5)
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = 1
    let one = try Self.results(row, isPooled: true)
    Engine.threads = 3
    let three = try Self.results(row, isPooled: true)
    for (found, expected) in zip(three.tensors, one.tensors) {
      #expect(found.isIdentical(to: expected))
    }
    #expect(three.activity == one.activity)
  }

  @Test func `a pass that keeps spikes, potentials or another gradient gets them`() {
    let signal = Row().signal()
    var traced = ForwardPass(.evaluation)
    traced.trace = []
    _ = LIF().averagePooled(signal, &traced)
    #expect(traced.trace?.first?.output.values.shape == [8, 3, 6, 4])

    var first = ForwardPass(.evaluation, carryingMembranes: true)
    _ = LIF().averagePooled(signal, &first)
    #expect(first.nextMembrane == nil)
    var second = ForwardPass(.evaluation, startingFrom: first)
    let continued = LIF().averagePooled(signal, &second)
    var fresh = ForwardPass(.evaluation)
    #expect(!continued.values.isIdentical(to: LIF().averagePooled(signal, &fresh).values))

    var viewed = ForwardPass(.evaluation, gradientView: GradientView(rule: .straightThrough))
    let output = LIF().averagePooled(signal, &viewed)
    #expect(output.values.isIdentical(to: LIF().averagePooled(signal, &fresh).values))
    let gradients = [output, LIF().averagePooled(signal, &fresh)].map {
      $0.values.sum().gradients(of: [signal.values])[0]
    }
    #expect(!gradients[0].isIdentical(to: gradients[1]))
  }

  @Test func `images that do not fit are refused by the kernel`() {
    let kernel = try? Operator("spikeguard::lif_pooled")
    for shape in [[4, 3, 5, 4], [4, 3, 4], [4, 3, 4, 4]] {
      #expect(throws: TorchError.self) {
        _ = try kernel?.results(
          randomTensor(shape, seed: 1), 2, false, 0.1, 1.0, 1.0, 0, false, 0, 1.0, 1.0, true, true,
          false)
      }
    }
  }
}
