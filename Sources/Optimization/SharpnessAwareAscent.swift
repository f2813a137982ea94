public import Torch

/// Where sharpness-aware minimisation looks at the loss: the step uphill whose end's gradient is then descended.
///
/// A training step takes two passes over the same batch:
///
///     g = ∇L(w)      e = perturbation(of: g, at: w)      g′ = ∇L(w + e)
///
/// and hands g′ to the optimiser at w. Running statistics of batch norm belong to the first pass only.
public struct SharpnessAwareAscent: Sendable, Equatable, CustomStringConvertible {
  /// The set of weights around w in which the worst loss is looked for.
  public enum Neighborhood: String, Sendable, Codable, CaseIterable {
    /// ‖e‖₂ ≤ ρ over all parameters together: SAM (Foret et al., ICLR 2021, equation 2).
    ///
    ///     e = ρ g / (‖g‖₂ + 10⁻¹²)
    case ball
    /// ‖e / |w|‖₂ ≤ ρ, which does not change when a layer's weights are scaled up and the next one's down:
    /// ASAM (Kwon et al., ICML 2021, equation 9, T_w = |w|).
    ///
    ///     e = ρ w² g / (‖|w| g‖₂ + 10⁻¹²)
    case scaled
  }

  public let rho: Double
  public let neighborhood: Neighborhood

  /// - Precondition: ρ is not negative. The papers' values are 0.05 for the ball and 0.5 to 2 scaled.
  public init(rho: Double, neighborhood: Neighborhood = .ball) {
    precondition(rho >= 0, "SharpnessAwareAscent: expected ρ ≥ 0, got \(rho)")
    self.rho = rho
    self.neighborhood = neighborhood
  }

  /// e, by the gradients' names: new tensors, to be added to the parameters and later taken back.
  ///
  /// It is zero where all gradients are, and not finite where a gradient is not.
  ///
  /// - Parameters:
  ///   - gradients: by parameter name; may lack parameters, which then stay.
  ///   - parameters: what the gradients were taken at; read only.
  /// - Precondition: every gradient has the name and the shape of a parameter.
  public func perturbation(
    of gradients: NamedTensors, at parameters: NamedTensors
  ) -> NamedTensors {
    withoutGradients {
      for (name, gradient) in gradients {
        precondition(
          parameters[name]?.shape == gradient.shape,
          "SharpnessAwareAscent: no parameter '\(name)' of shape \(gradient.shape)")
      }
      let gradients = gradients.map { $0.detached() }
      guard neighborhood == .scaled else {
        let scale = rho / (gradients.euclideanNorm + 1e-12)
        return gradients.map { $0 * scale }
      }
      var weighted = gradients
      for (name, gradient) in gradients {
        weighted[name] = gradient * parameters[name]!.detached().magnitude()
      }
      let scale = rho / (weighted.euclideanNorm + 1e-12)
      for (name, gradient) in weighted {
        weighted[name] = gradient * parameters[name]!.detached().magnitude() * scale
      }
      return weighted
    }
  }

  public var description: String { "SharpnessAwareAscent(\(rho), \(neighborhood))" }
}
