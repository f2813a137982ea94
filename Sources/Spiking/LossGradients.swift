import Layers
import Torch

/// A training loss with its gradients, and the logits that it was taken of.
public struct LossGradients: Sendable {
  /// A scalar, detached.
  public let loss: Tensor
  /// `[T, B, classes]`, detached.
  public let logits: Tensor
  /// By parameter name.
  public let gradients: NamedTensors
}

extension SpikingNetwork {
  /// The objective on a batch and its gradients with respect to the parameters, through all time steps in one
  /// graph or one step after the other.
  ///
  /// Step by step, with o[t] the logits of step t, computed from the membranes that step t − 1 left:
  ///
  ///     ∇L = Σ ∇ L(o[t], y) / T
  ///
  /// Afterwards the pass holds the activity of all steps, whichever way they were taken.
  ///
  /// - Parameters:
  ///   - images: `[B, C, H, W]` in [0, 1].
  ///   - labels: int64 `[B]`.
  /// - Precondition: step by step, where there is more than one: the objective is a mean over steps, batch norm in
  ///   training mode takes each step's own statistics, and the neurons' gradient is one within a step.
  public func lossGradients(
    of objective: some Objective, on images: Tensor, labels: Tensor, encoder: some Encoder,
    _ pass: inout ForwardPass, unrolling: Unrolling = .allSteps
  ) -> LossGradients {
    // One step is one graph.
    guard unrolling == .stepByStep, encoder.steps > 1 else {
      let signal = encoder(images, &pass)
      let logits = self(signal, &pass)
      let loss = objective(logits, labels)
      return LossGradients(
        loss: loss.detached(), logits: logits.detached(), gradients: loss.gradients(of: parameters))
    }
    return lossGradientsStepByStep(
      of: objective, on: images, labels: labels, encoder: encoder, &pass)
  }

  private func lossGradientsStepByStep(
    of objective: some Objective, on images: Tensor, labels: Tensor, encoder: some Encoder,
    _ pass: inout ForwardPass
  ) -> LossGradients {
    precondition(
      objective.isMeanOverSteps,
      "step by step: \(objective) is no mean over time steps (isMeanOverSteps), so a step has no loss "
        + "of its own; use Unrolling.allSteps")
    precondition(
      pass.mode == .evaluation || pass.batchStatistics == .eachStep,
      "step by step: a step cannot know the statistics of all; use BatchStatistics.eachStep")
    var loss: Tensor?
    var logits: [Tensor] = []
    var sum = NamedTensors()
    pass.walkingSteps { walk in
      for index in 0..<encoder.steps {
        let values = encoder.step(index, of: images, &walk)
        let outputs = self(Signal(stepped: values, steps: 1), &walk)
        let share = objective(outputs, labels) / Double(encoder.steps)
        let gradients = share.gradients(of: parameters)
        if sum.isEmpty {
          // What differentiation returns may share memory with others.
          sum = gradients.map { $0.copied() }
        } else {
          for (name, gradient) in gradients { sum[name]!.addInPlace(gradient) }
        }
        loss = loss.map { $0 + share.detached() } ?? share.detached()
        logits.append(outputs.detached())
      }
    }
    return LossGradients(loss: loss!, logits: .concatenating(logits), gradients: sum)
  }
}
