import Foundation
import Spiking

/// The backward pass of one spiking layer, derived by hand and written as loops over plain numbers.
///
/// Currents and gradients are indexed `[t][neuron]`; a neuron's index runs over examples, channels and positions.
struct SlowView {
  let neuron: LIF
  /// Neurons of one example in a layer, and of one channel.
  let channels: Int
  let positions: Int

  typealias Series = [[Double]]

  /// h and s of every step.
  func walk(_ x: Series) -> (h: Series, s: Series) {
    var v = [Double](repeating: 0, count: x[0].count)
    var h: Series = []
    var s: Series = []
    for current in x {
      let charged = zip(v, current).map { neuron.leak * $0 + neuron.inputScale * $1 }
      let spikes = charged.map { $0 - neuron.threshold >= 0 ? 1.0 : 0 }
      v = zip(charged, spikes).map { h, s in
        switch neuron.reset {
        case .soft: h - neuron.threshold * s
        case .hard: s == 1 ? 0 : h
        case .none: h
        }
      }
      h.append(charged)
      s.append(spikes)
    }
    return (h, s)
  }

  /// dL/dx[t] from dL/ds[t] where ds/dh is given: the chain from the last step to the first.
  func backward(_ x: Series, _ gradient: Series, slope: Series, throughTime: Bool) -> Series {
    let (h, s) = walk(x)
    var result = gradient
    for j in x[0].indices {
      var later = 0.0  // dL/dv[t]
      for t in x.indices.reversed() {
        let direct: Double
        let bySpike: Double
        switch neuron.reset {
        case .soft: (direct, bySpike) = (1, -neuron.threshold)
        case .hard: (direct, bySpike) = (1 - s[t][j], -h[t][j])
        case .none: (direct, bySpike) = (1, 0)
        }
        let spike = gradient[t][j] + (neuron.detachesReset ? 0 : later * bySpike)
        let e = later * direct + spike * slope[t][j]
        result[t][j] = neuron.inputScale * e
        later = throughTime ? neuron.leak * e : 0
      }
    }
    return result
  }

  /// Slopes from potentials above threshold, element by element.
  func slopes(_ x: Series, _ g: (Double) -> Double) -> Series {
    walk(x).h.map { $0.map { g($0 - neuron.threshold) } }
  }

  func firedAtLeastOnce(_ x: Series, _ gradient: Series) -> Series {
    let s = walk(x).s
    return gradient.map { row in
      row.indices.map { j in s.contains { $0[j] == 1 } ? row[j] : 0 }
    }
  }

  /// The rate as two lines; its derivative by a difference quotient.
  func rate(_ x: Series, _ gradient: Series, gamma: Double, beta: Double) -> Series {
    let (threshold, leak) = (neuron.threshold, neuron.leak)
    func rate(_ c: Double) -> Double {
      let corner = (1 - leak) * threshold
      if c < 0 { return 0 }
      if c <= corner { return gamma * c }
      let rise = (c - corner) / (beta * threshold - corner)
      return gamma * corner + (1 - gamma * corner) * min(rise, 1)
    }
    return gradient.map { row in
      row.indices.map { j in
        let mean = x.map { $0[j] }.reduce(0, +) / Double(x.count)
        let value = { (x: Double) in rate(neuron.inputScale * x) }
        return row[j] * (value(mean + 1e-7) - value(mean - 1e-7)) / 2e-7
      }
    }
  }

  func averaged(_ gradient: Series) -> Series {
    let means = gradient[0].indices.map { j in
      gradient.map { $0[j] }.reduce(0, +) / Double(gradient.count)
    }
    return gradient.map { _ in means }
  }

  /// PDSG's slopes: σ of each channel over steps so far, examples and positions.
  func potentialDependentSlopes(_ x: Series) -> Series {
    let h = walk(x).h
    return h.indices.map { t in
      h[t].indices.map { j in
        let channel = j / positions % channels
        var seen: [Double] = []
        for row in h[...t] {
          for k in row.indices where k / positions % channels == channel { seen.append(row[k]) }
        }
        let mean = seen.reduce(0, +) / Double(seen.count)
        let sum = seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        var sigma = seen.count > 1 ? (sum / Double(seen.count - 1)).squareRoot() : 1
        if sigma == 0 { sigma = 1 }
        let u = h[t][j] - neuron.threshold
        return exp(-(u - sigma / 2) * (u - sigma / 2) / (2 * sigma * sigma))
          / (sigma * (2 * Double.pi).squareRoot())
      }
    }
  }
}

/// ASSG's memory of one layer, number by number.
struct SlowMemory {
  var mean: [[Double]]
  var deviation: [[Double]]

  init(steps: Int, neurons: Int) {
    mean = Array(repeating: Array(repeating: 1, count: neurons), count: steps)
    deviation = Array(repeating: Array(repeating: 0, count: neurons), count: steps)
  }

  /// Moves by the potentials above threshold of one iteration, and gives the slopes there.
  mutating func slopes(_ u: [[Double]], share: Double) -> [[Double]] {
    let omega = tan(share * .pi / 2) * 2 / .pi
    return u.indices.map { t in
      u[t].indices.map { j in
        let size = abs(u[t][j])
        mean[t][j] = 0.9 * mean[t][j] + 0.1 * size
        deviation[t][j] = 0.9 * deviation[t][j] + 0.1 * abs(size - mean[t][j])
        let a = omega / (mean[t][j] + 1.5 * deviation[t][j] + 0.0001)
        let y = Double.pi * a * u[t][j] / 2
        return a / (2 * (1 + y * y))
      }
    }
  }
}
