import Optimization

/// The leading singular values of the gradients of one training step, before anything was done to them.
public struct StepSpectrum: Codable, Sendable, Equatable {
  public struct Layer: Codable, Sendable, Equatable {
    /// The parameter's name.
    public let name: String
    public let sigma1: Double
    /// From deflation's fast solver an estimate from below.
    public let sigma2: Double
    /// σ₁² / ‖G‖_F²
    public let energyShare: Double
    /// σ₁ / Σᵢ σᵢ; nil where only deflation measured.
    public let nuclearShare: Double?
  }

  /// Its number, from 1.
  public let step: Int
  /// Whether the batch was a foreign one.
  public let isForeign: Bool
  public let layers: [Layer]

  init(step: Int, isForeign: Bool, of terms: [LeadingTerm]) {
    self.step = step
    self.isForeign = isForeign
    layers = terms.map {
      Layer(
        name: $0.layer, sigma1: $0.sigma1, sigma2: $0.sigma2, energyShare: $0.energyShare,
        nuclearShare: $0.nuclearShare)
    }
  }

  /// As deflation found it on its way; a log that has only this does not say which batches were foreign.
  init(step: Int, of deflated: [DeflatedLayer]) {
    self.step = step
    isForeign = false
    layers = deflated.map {
      Layer(
        name: $0.layer, sigma1: $0.sigma1, sigma2: $0.sigma2, energyShare: $0.energyRemoved,
        nuclearShare: nil)
    }
  }
}
