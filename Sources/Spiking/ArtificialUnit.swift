import Torch

/// An artificial unit in a spiking neuron's place, on the same weights: the substitute of conversion-based attacks.
///
/// Units have no state, so that the network is computed once under direct coding, and batch norm is applied as it is in
/// evaluation mode. With x the input current:
///
/// | unit | value | derivative |
/// |---|---|---|
/// | rectifier | max(0, x) | 1 where x > 0 |
/// | quantizedClip | ⌊8 y + ½⌋ / 8, y = x / threshold clipped to [0, 1] | 1 / threshold where x / threshold is in [0, 1] |
public enum ArtificialUnit: String, Sendable, CaseIterable {
  /// Özdenizci & Legenstein (TMLR 2024): the network before conversion. See ``Rectifier``.
  case rectifier
  /// Bu et al. (CVPR 2023), after quantisation clip-floor-shift with 8 levels (Bu et al., ICLR 2022).
  case quantizedClip

  func callAsFunction(_ current: Signal, threshold: Double, _ pass: inout ForwardPass) -> Signal {
    switch self {
    case .rectifier: return Rectifier()(current, &pass)
    case .quantizedClip:
      let output = current.map { x in
        let y = (x / threshold).clamped(0, 1)
        // Truncation is the floor of what is not negative.
        let level = (y.detached() * 8 + 0.5).converted(to: .int64).converted(to: x.dtype) / 8
        return level + (y - y.detached())
      }
      pass.recordUnits(output, of: current)
      return output
    }
  }
}

extension ForwardPass {
  /// Records a layer without state, whose activity is its share of values above 0.
  mutating func recordUnits(_ output: Signal, of current: Signal) {
    let active = (output.values.detached() .> 0).sum().converted(to: .float64)
    record(
      LayerActivity(
        spikes: active * Double(output.copies), opportunities: output.values.count * output.copies),
      membrane: nil)
    trace?.append(NeuronTrace(current: current, output: output))
  }
}
