import Layers
import TestSupport
import Testing
import Torch

@testable import Spiking

/// Batch norm, neurons and pool in one kernel, against the three as layers of their own and against tensor formulas.
@Suite struct NormalizedNeuronTests {
  struct Row: Sendable, CustomStringConvertible {
    var steps = 4
    var map = [3, 6, 4]
    var images = 2
    var isConstant = false
    var isPooled = true
    var mode = Mode.training
    var neuron = LIF()
    var dtype = DType.float32
    var isChannelsLast = true

    var description: String {
      "\(images) of \(map), \(steps) steps, constant \(isConstant), pooled \(isPooled), \(mode), \(dtype), \(neuron)"
    }
    var isFused: Bool {
      isChannelsLast && (!isPooled || (map[1].isMultiple(of: 2) && map[2].isMultiple(of: 2)))
        && neuron.implementation == .fused
    }

    /// Means and spreads that differ from channel to channel, and a mean that is no small number.
    func signal() -> Signal {
      let noise = randomTensor([isConstant ? images : steps * images] + map, seed: 1, dtype: dtype)
      let channel = Tensor.arange(1, map[0] + 1).converted(to: dtype).reshaped([map[0], 1, 1])
      let x = noise * (channel * 0.1 + 1) + channel * 0.5
      let values = (isChannelsLast ? x.contiguous(.channelsLast) : x).requiringGradient()
      return isConstant
        ? Signal(constant: values, steps: steps) : Signal(stepped: values, steps: steps)
    }

    func normalization() -> BatchNorm2d {
      let norm = BatchNorm2d(map[0], dtype: dtype)
      let numbers = { (seed: UInt64) in randomTensor([map[0]], seed: seed, dtype: dtype) }
      withoutGradients {
        norm.weight.copyInPlace(from: numbers(5) * 0.2 + 1.2)
        norm.bias.copyInPlace(from: numbers(6) * 0.3 + 0.3)
        norm.runningMean.copyInPlace(from: numbers(7) * 0.3 + 1)
        norm.runningVariance.copyInPlace(from: numbers(8) * numbers(8) + 0.5)
      }
      return norm
    }
  }

  enum Path { case fused, layers, formulas }

  static let rows: [Row] = [
    Row(), Row(isPooled: false), Row(steps: 1), Row(steps: 7, map: [33, 2, 10], images: 3),
    Row(steps: 3, map: [5, 3, 7], images: 5, isPooled: false), Row(isConstant: true),
    Row(images: 5, isConstant: true, isPooled: false),
    Row(steps: 1, images: 3, isConstant: true), Row(mode: .evaluation),
    Row(steps: 1, images: 1), Row(steps: 1, images: 1, mode: .evaluation),
    Row(steps: 1, map: [5, 3, 7], images: 1, isConstant: true, isPooled: false),
    Row(map: [40, 4, 2], isPooled: false, mode: .evaluation),
    Row(isConstant: true, mode: .evaluation),
    Row(neuron: LIF(reset: .hard, decaysInput: true, surrogate: .arctan(width: 0.7))),
    Row(neuron: LIF(surrogate: .sigmoid(width: 0.5), temporalGradient: .withinStep)),
    Row(neuron: LIF(isSpiking: false)), Row(map: [64, 16, 16], images: 3),
    Row(map: [64, 32, 32], images: 1, isPooled: false), Row(map: [70, 1, 1], isPooled: false),
    // Several units of work, the last one shorter; a unit of more rows than a sum has.
    Row(map: [9, 17, 15], images: 5, isPooled: false),
    Row(map: [9, 34, 16], images: 9, isConstant: true),
    Row(map: [9, 34, 16], images: 9, mode: .evaluation),
    Row(map: [9, 17, 15], images: 9, isConstant: true, isPooled: false, mode: .evaluation),
    Row(steps: 1, map: [17, 30, 20], images: 2), Row(map: [1, 4, 4]), Row(map: [1100, 2, 2]),
    // These go layer by layer.
    Row(map: [3, 7, 4]), Row(map: [3, 4, 5]), Row(isChannelsLast: false),
    Row(neuron: LIF(implementation: .composed)),
  ]
  static let inBothPrecisions = rows.flatMap { row in
    var double = row
    double.dtype = .float64
    return [row, double]
  }

  struct Results {
    var output: Tensor
    /// Of input, weight and bias, from a direction of the output.
    var gradients: [Tensor]
    /// The same, recorded for differentiation.
    var recorded: [Tensor]
    /// Of the recorded ones, from three directions, towards input, weight and the output's direction.
    var second: [Tensor]
    var running: [Tensor]
    var activity: [Double]
  }

  private static func output(
    _ row: Row, _ path: Path, _ signal: Signal, _ norm: BatchNorm2d, _ pass: inout ForwardPass
  ) -> Signal {
    switch path {
    case .fused:
      return row.neuron(signal, normalizedBy: norm, averagePooling: row.isPooled, &pass)
    case .layers: return row.neuron.oneByOne(signal, norm, row.isPooled, &pass)
    case .formulas:
      let (x, axes, shape) = (signal.values, [0, 2, 3], [1, row.map[0], 1, 1])
      let ofBatch = row.mode == .training
      let mean = ofBatch ? x.mean(along: axes, keeping: true) : norm.runningMean.reshaped(shape)
      let variance =
        ofBatch
        ? x.variance(along: axes, correction: 0, keeping: true)
        : norm.runningVariance.reshaped(shape)
      let y =
        (x - mean) / (variance + norm.epsilon).squareRoot() * norm.weight.reshaped(shape)
        + norm.bias.reshaped(shape)
      var neuron = row.neuron
      neuron.implementation = .composed
      let spikes = neuron(signal.map { _ in y }, &pass)
      return row.isPooled ? spikes.map { $0.averagePool2d(2) } : spikes
    }
  }

  private static func results(_ row: Row, _ path: Path) throws -> Results {
    let (signal, norm) = (row.signal(), row.normalization())
    var pass = ForwardPass(row.mode)
    let output = output(row, path, signal, norm, &pass)
    #expect(!output.isConstant && output.steps == row.steps)
    let random = { (like: Tensor, seed: UInt64) in
      randomTensor(like.shape, seed: seed, dtype: row.dtype)
    }
    let direction = random(output.values, 2).requiringGradient()
    let inputs = [signal.values, norm.weight, norm.bias]
    let plain = try vectorJacobianProduct(
      outputs: [output.values], inputs: inputs, vectors: [direction], retainGraph: true)
    let recorded = try vectorJacobianProduct(
      outputs: [output.values], inputs: inputs, vectors: [direction], createGraph: true)
    let second = try vectorJacobianProduct(
      outputs: recorded, inputs: [signal.values, norm.weight, direction],
      vectors: recorded.enumerated().map { random($1, UInt64(20 + $0)) })
    return Results(
      output: output.values, gradients: plain, recorded: recorded, second: second,
      running: [norm.runningMean, norm.runningVariance],
      activity: pass.activity.flatMap { [$0.spikeCount, Double($0.opportunities)] })
  }

  private static func expectClose(
    _ found: [Tensor], _ expected: [Tensor], _ tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (a, b) in zip(found, expected) {
      let distance = (a - b).norm().item() / max(b.norm().item(), 1e-3)
      #expect(distance <= tolerance, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: inBothPrecisions)
  func `the same bits as layer after layer, gradients to rounding`(row: Row) throws {
    let (fused, layers) = (try Self.results(row, .fused), try Self.results(row, .layers))
    #expect(fused.output.isIdentical(to: layers.output))
    #expect(fused.activity == layers.activity && fused.activity.count == 2)
    for (a, b) in zip(fused.running, layers.running) { #expect(a.isIdentical(to: b)) }
    // Sums over the batch are taken in another order.
    let tolerance = row.dtype == .float32 ? 3e-6 : 1e-14
    Self.expectClose(fused.gradients, layers.gradients, tolerance)
    Self.expectClose(fused.recorded, layers.recorded, tolerance)
    Self.expectClose(fused.second, layers.second, row.dtype == .float32 ? 2e-5 : 1e-13)
    // An attack's gradients have no sum, and no other bits.
    if row.mode == .evaluation {
      #expect(fused.gradients[0].isIdentical(to: layers.gradients[0]))
    }
    let x = row.signal().values
    #expect(row.neuron.canNormalize(x, averagePooling: row.isPooled) == row.isFused)
  }

  @Test(arguments: inBothPrecisions.filter { $0.dtype == .float64 })
  func `the formulas' numbers, differentiated once and twice`(row: Row) throws {
    let (fused, formulas) = (try Self.results(row, .fused), try Self.results(row, .formulas))
    Self.expectClose([fused.output], [formulas.output], 1e-14)
    Self.expectClose(
      fused.gradients + fused.recorded, formulas.gradients + formulas.recorded, 1e-12)
    Self.expectClose(fused.second, formulas.second, 1e-10)
    for gradient in fused.gradients + fused.second { #expect(gradient.norm().item() > 0) }
    let share = fused.output.mean().item()
    #expect(share > 0.02 && share < 0.98, "spikes tell nothing here")
  }

  @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
  func `gradients that nobody wants are not missed`(isPooled: Bool, isConstant: Bool) throws {
    for mode in [Mode.training, .evaluation] {
      let row = Row(isConstant: isConstant, isPooled: isPooled, mode: mode, dtype: .float64)
      let all = try Self.results(row, .fused).gradients
      for wanted in [[0], [1], [2], [1, 2], [0, 2]] {
        let (signal, norm) = (row.signal(), row.normalization())
        let x = wanted.contains(0) ? signal.values : signal.values.detached()
        var pass = ForwardPass(mode)
        let output = row.neuron(
          signal.map { _ in x }, normalizedBy: norm, averagePooling: isPooled, &pass)
        let direction = randomTensor(output.values.shape, seed: 2, dtype: .float64)
        let inputs = [x, norm.weight, norm.bias]
        let found = try vectorJacobianProduct(
          outputs: [output.values], inputs: wanted.map { inputs[$0] }, vectors: [direction])
        for (gradient, i) in zip(found, wanted) { #expect(gradient.isIdentical(to: all[i])) }
      }
    }
  }

  @Test func `the number of threads changes no bit, and the kernel is really taken`() throws {
    let before = Engine.threads
    defer { Engine.threads = before }
    for isPooled in [true, false] {
      let row = Row(map: [64, 32, 32], images: 5, isPooled: isPooled)
      let runs = try [1, 2, 3, 7].map {
        Engine.threads = $0
        return try Self.results(row, .fused)
      }
      for run in runs {
        let pairs = zip(
          [run.output] + run.gradients + run.running,
          [runs[0].output] + runs[0].gradients + runs[0].running)
        for (found, expected) in pairs { #expect(found.isIdentical(to: expected)) }
        #expect(run.activity == runs[0].activity)
      }
      // The engine sums a channel's 20480 values in float32, and in another order.
      let layers = try Self.results(row, .layers)
      #expect(!runs[0].gradients[2].isIdentical(to: layers.gradients[2]))
    }
  }

  @Test func `a pass that keeps spikes, potentials or another gradient gets them`() {
    let (signal, norm) = (Row().signal(), Row().normalization())
    let run = { (pass: inout ForwardPass) in
      LIF()(signal, normalizedBy: norm, averagePooling: true, &pass)
    }
    var traced = ForwardPass(.evaluation)
    traced.trace = []
    _ = run(&traced)
    #expect(traced.trace?.first?.output.values.shape == [8, 3, 6, 4])

    var first = ForwardPass(.evaluation, carryingMembranes: true)
    _ = run(&first)
    #expect(first.nextMembrane == nil)
    var second = ForwardPass(.evaluation, startingFrom: first)
    let continued = run(&second)
    var fresh = ForwardPass(.evaluation)
    #expect(!continued.values.isIdentical(to: run(&fresh).values))

    var viewed = ForwardPass(.evaluation, gradientView: GradientView(rule: .straightThrough))
    let output = run(&viewed)
    #expect(output.values.isIdentical(to: run(&fresh).values))
    let gradients = [output, run(&fresh)].map {
      $0.values.sum().gradients(of: [signal.values])[0]
    }
    #expect(!gradients[0].isIdentical(to: gradients[1]))

    var alone = ForwardPass(.training, batchStatistics: .eachStep)
    var together = ForwardPass(.training)
    let each = run(&alone).values
    #expect(!each.isIdentical(to: run(&together).values))
    #expect(
      each.isIdentical(to: LIF().oneByOne(signal, Row().normalization(), true, &alone).values))
  }
}
