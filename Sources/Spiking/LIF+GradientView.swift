import Torch

extension LIF {
  /// This neuron with the surrogate and the temporal gradient of a view.
  func viewed(by view: GradientView) -> LIF {
    var neuron = self
    neuron.surrogate = view.surrogate ?? surrogate
    neuron.surrogateScale = view.surrogateScale ?? surrogateScale
    neuron.temporalGradient = view.temporalGradient ?? temporalGradient
    return neuron
  }

  /// The neuron's values with a rule's derivatives.
  ///
  /// Whatever the rule, no derivative is computed where none is asked for.
  ///
  /// - Parameter layer: which of the network's neuron layers this is, for rules that remember.
  /// - Precondition: spikes, not their smooth primitive, for all rules but the surrogate's.
  func respond(
    to current: Signal, from membrane: Tensor?, keepingMembrane: Bool,
    under rule: GradientView.Rule,
    layer: Int
  ) -> Response {
    let plain = { respond(to: $0, from: membrane, keepingMembrane: keepingMembrane) }
    guard rule != .surrogate, current.values.requiresGradient, isRecordingGradients else {
      return plain(current)
    }
    precondition(isSpiking, "LIF: a gradient view's rule \(rule) is for spikes; isSpiking is false")
    if rule == .timeAveraged { return plain(current.averagingGradients()) }
    let response = withoutGradients { plain(current) }
    response.spikes.addInPlace(zero(current, membrane, response.spikes, rule, layer: layer))
    return response
  }

  /// A signal's worth of zeros, `[T·B, …]`, with the derivatives of a rule with respect to the current.
  ///
  /// It is added to spikes of the plain pass, so that values and even their layout in memory, on which the rounding of
  /// the next convolution depends, are that pass's own.
  private func zero(
    _ current: Signal, _ membrane: Tensor?, _ spikes: Tensor, _ rule: GradientView.Rule, layer: Int
  ) -> Tensor {
    switch rule {
    case .firedAtLeastOnce:
      let counts = spikes.reshaped([current.steps, current.batchSize] + spikes.shape.dropFirst())
        .sum(along: [0])
      return current.zero(withSlope: (counts .> 0).converted(to: spikes.dtype))
    case .rate(let rate):
      let mean = current.isConstant ? current.values : current.unfolded.mean(along: [0])
      return current.zero(
        withSlope: rate.slope(
          at: mean.detached() * inputScale, leak: leak, threshold: threshold) * inputScale)
    case .straightThrough:
      return linearised(current, membrane) { _, _ in nil }
    case .potentialDependent(let surrogate):
      var spread = PotentialSpread()
      return linearised(current, membrane) { _, u in
        spread.add(u)
        return surrogate.slope(at: u, spread)
      }
    case .adaptive(let surrogate, let memory):
      var visit = memory.visit(layer: layer, steps: current.steps)
      defer { memory.end(visit) }
      return linearised(current, membrane) { t, u in
        surrogate.slope(at: u, visit.moved(by: u, at: t, surrogate))
      }
    case .surrogate, .timeAveraged, .unit:
      preconditionFailure("LIF: the rule \(rule) needs no zeros")
    }
  }

  /// The recursion in which a spike is `step(u) + slope · (u − u.detached())`: the spike's value, any derivative.
  /// Only the second term is returned.
  ///
  /// - Parameter slope: a step t and u = h[t] − threshold, detached, to ds/dh there; nil is 1.
  private func linearised(
    _ current: Signal, _ membrane: Tensor?, _ slope: (Int, Tensor) -> Tensor?
  ) -> Tensor {
    var zeros: [Tensor] = []
    _ = recursion(current, membrane) { u in
      let value = u.detached()
      let zero = u - value
      zeros.append(slope(zeros.count, value).map { $0 * zero } ?? zero)
      return Self.step(u) + zeros.last!
    }
    return .concatenating(zeros)
  }
}

extension Signal {
  /// Zeros `[T·B, …]` whose derivative with respect to every step's current is a slope, `[B, …]`.
  fileprivate func zero(withSlope slope: Tensor) -> Tensor {
    let x = isConstant ? values : unfolded
    let zero = slope * (x - x.detached())
    return zero.expanded(to: [steps, batchSize] + values.shape.dropFirst())
      .flattened(from: 0, to: 1)
  }
}
