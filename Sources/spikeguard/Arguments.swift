import ArgumentParser
import Experiments
import Models
import Spiking

extension VGGConfiguration.Depth: ExpressibleByArgument {}
extension VGGConfiguration.Head: ExpressibleByArgument {}
extension NeuronRecipe.ResetKind: ExpressibleByArgument {}
extension Surrogate.Shape: ExpressibleByArgument {}
extension TemporalGradient: ExpressibleByArgument {}
extension TrainingRecipe.Deflation: ExpressibleByArgument {}

/// A distance in pixel units, written as `8/255` or `0.03`.
struct PixelDistance: ExpressibleByArgument {
  let value: Double

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard let numerator = parts.first.flatMap({ Double($0) }), parts.count <= 2 else { return nil }
    var value = numerator
    if parts.count == 2 {
      guard let denominator = Double(parts[1]), denominator > 0 else { return nil }
      value /= denominator
    }
    guard value >= 0, value <= 1 else { return nil }
    self.value = value
  }

  var defaultValueDescription: String { "\(value)" }
}
