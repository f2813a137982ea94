import Foundation
import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// What differentiating a spiking neuron twice means, proved without the engine's differentiation: it is the Hessian of a
/// smooth function, in which a spike is its own value, slope and curvature at this point, and what is detached stays put.
@Suite struct SpikeJetTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let reset: Reset
    let detaches: Bool
    let temporal: TemporalGradient
    let shape: Surrogate.Shape
    var testDescription: String { "\(reset) \(temporal) detach \(detaches) \(shape)" }

    static let all: [Row] = Reset.allCases.flatMap { reset in
      [true, false].flatMap { detaches in
        TemporalGradient.allCases.flatMap { temporal in
          [Surrogate.Shape.triangle, .arctan].map {
            Row(reset: reset, detaches: detaches, temporal: temporal, shape: $0)
          }
        }
      }
    }
  }

  /// g and g′, of width 1.
  private static func surrogate(_ u: Double, _ shape: Surrogate.Shape) -> (Double, Double) {
    guard shape == .arctan else { return (max(0, 1 - abs(u)), abs(u) < 1 ? (u > 0 ? -1 : 1) : 0) }
    let r = 1 / (1 + (.pi * u / 2) * (.pi * u / 2))
    return (0.5 * r, -(.pi * .pi / 4) * u * r * r)
  }

  /// One neuron's spikes as polynomials of its input, expanded about the input at which it was made.
  private struct Expanded {
    let row: Row
    let leak: Double
    let threshold: Double
    /// h[t], s[t] and v[t] there.
    private(set) var h: [Double] = []
    private(set) var s: [Double] = []
    private(set) var v: [Double] = []

    init(_ row: Row, _ neuron: LIF, at x: [Double]) {
      (self.row, leak, threshold) = (row, neuron.leak, neuron.threshold)
      for input in x {
        h.append(leak * (v.last ?? 0) + input)
        s.append(h.last! >= threshold ? 1 : 0)
        v.append(afterReset(h.last!, s.last!))
      }
    }

    private func afterReset(_ h: Double, _ s: Double) -> Double {
      switch row.reset {
      case .soft: h - threshold * s
      case .hard: h * (1 - s)
      case .none: h
      }
    }

    func spikes(_ x: [Double]) -> [Double] {
      var membrane = 0.0
      return x.indices.map { t in
        let carried =
          row.temporal == .throughTime ? membrane : t == 0 ? 0 : v[t - 1]
        let charge = leak * carried + x[t]
        let (g, c) = SpikeJetTests.surrogate(h[t] - threshold, row.shape)
        let d = charge - h[t]
        let spike = s[t] + g * d + 0.5 * c * d * d
        membrane = afterReset(charge, row.detaches ? s[t] : spike)
        return spike
      }
    }
  }

  @Test(arguments: Row.all)
  func `twice differentiated, a spiking neuron is a smooth one that has its spikes here`(
    _ row: Row
  ) throws {
    let steps = 5
    let neuron = LIF(
      tau: 2, threshold: 0.7, reset: row.reset, detachesReset: row.detaches,
      surrogate: Surrogate(row.shape, width: 1), temporalGradient: row.temporal)
    for seed in [1, 2, 3] as [UInt64] {
      let x = (randomTensor([steps], seed: seed, dtype: .float64) + 0.4).requiringGradient()
      let weight = randomTensor([steps], seed: seed + 10, dtype: .float64)
      // L = Σ w s + ½ (Σ s)²
      let spikes = neuron.respond(to: Signal(stepped: x, steps: steps)).spikes
      let loss = (spikes * weight).sum() + spikes.sum().squared() / 2
      let gradient = loss.gradients(of: [x], createGraph: true)[0]
      let unit = Tensor.identity(steps, dtype: .float64)
      let found = try (0..<steps).flatMap {
        try vectorJacobianProduct(
          outputs: [gradient], inputs: [x], vectors: [unit.selecting($0, along: 0)],
          retainGraph: true)[0].scalars(of: Double.self)
      }

      let center = x.detached().scalars(of: Double.self)
      let w = weight.scalars(of: Double.self)
      let smooth = Expanded(row, neuron, at: center)
      #expect(smooth.spikes(center) == spikes.detached().scalars(of: Double.self))
      func value(_ i: Int, _ a: Double, _ j: Int, _ b: Double) -> Double {
        var moved = center
        moved[i] += a
        moved[j] += b
        let s = smooth.spikes(moved)
        let sum = s.reduce(0, +)
        return zip(s, w).reduce(0) { $0 + $1.0 * $1.1 } + sum * sum / 2
      }
      let e = 1e-3
      let expected = (0..<steps).flatMap { i in
        (0..<steps).map { j in
          (value(i, e, j, e) - value(i, e, j, -e) - value(i, -e, j, e) + value(i, -e, j, -e))
            / (4 * e * e)
        }
      }
      expectClose(found, expected, relative: 1e-4, absolute: 1e-4)
    }
  }
}
