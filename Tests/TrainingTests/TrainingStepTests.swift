import Datasets
import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch

@testable import Training

/// One step against its parts called one by one, and what it leaves when it fails.
@Suite struct TrainingStepTests {
  /// Catches a step in evaluation mode, another loss, a gradient at other weights, an index that does not
  /// reach the schedule, and predictions other than by the mean over time.
  @Test(arguments: [false, true])
  func `steps are their parts called by hand, bit for bit`(deflating: Bool) throws {
    let rate = Schedule.cosine(from: 0.2, over: 10)
    let (stepped, byHand) = (TinyTask.network(), TinyTask.network())
    var step = TinyTask.step(
      stepped, optimizer: TinyTask.optimizer(deflating: deflating, rate: rate))
    var optimizer = TinyTask.optimizer(deflating: deflating, rate: rate)
    for index in [0, 1, 7] {
      let batch = TinyTask.batch(seed: UInt64(index))
      let report = try step(batch, index: index)

      var pass = ForwardPass(.training)
      let logits = byHand(TinyTask.encoder(batch.images, &pass), &pass)
      let loss = TinyTask.objective(logits, batch.labels)
      let gradients = loss.gradients(of: byHand.parameters)
      optimizer.update(byHand.parameters, with: gradients, step: index)

      #expect(stepped.weights.isIdentical(to: byHand.weights), "step \(index)")
      #expect(step.optimizer.state.isIdentical(to: optimizer.state), "step \(index)")
      let predictions = logits.detached().mean(along: [0]).argmax(along: 1).scalars(of: Int.self)
      let labels = batch.labels.scalars(of: Int.self)
      #expect(
        report
          == StepReport(
            loss: loss.item(), correct: zip(predictions, labels).count { $0 == $1 }, count: 6,
            spikeRate: pass.spikeRate, layerRates: pass.activity.map(\.rate)))
    }
    #expect(!stepped.weights.isIdentical(to: TinyTask.network().weights), "nothing was trained")
  }

  @Test func `a loss that is no number throws and changes nothing`() throws {
    let network = TinyTask.network()
    var step = TinyTask.step(network)
    _ = try step(TinyTask.batch(), index: 0)
    withoutGradients { network.parameters["classifier.1.bias"]!.addInPlace(Tensor(Float.infinity)) }
    let before = (network.weights.copies(), step.optimizer.state)
    let error = #expect(throws: TrainingError.self) { try step(TinyTask.batch(), index: 41) }
    guard case .diverged(let loss, step: 41) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(!loss.isFinite)
    // Running statistics too: the forward pass had moved them.
    #expect(network.weights.isIdentical(to: before.0))
    #expect(step.optimizer.state.isIdentical(to: before.1))
  }

  /// A neuron whose input is NaN is silent, so the loss stays finite: only the gradient shows it.
  @Test func `a gradient that is no number throws and changes nothing`() throws {
    let network = TinyTask.network()
    var step = TinyTask.step(network)
    withoutGradients { network.parameters["layer1.0.weight"]!.multiplyInPlace(by: .nan) }
    let before = network.weights.copies()
    let error = #expect(throws: TrainingError.self) { try step(TinyTask.batch(), index: 3) }
    guard case .gradientNotFinite(_, step: 3) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(step.optimizer.state.isEmpty)
    for (name, tensor) in before where name != "layer1.0.weight" {
      #expect(network.weights[name]!.isIdentical(to: tensor), "\(name)")
    }
  }

  @Test func `error texts say what happened and what to do`() {
    let remedy = "Lower the learning rate, or go on from the last checkpoint"
    #expect(
      TrainingError.diverged(loss: .infinity, step: 7).description
        == "the loss became inf at step 7; the weights are those of the step before. " + remedy)
    #expect(
      TrainingError.gradientNotFinite(name: "layer1.0.weight", step: 7).description
        == "the gradient of 'layer1.0.weight' became infinite or NaN at step 7; the weights are "
        + "those of the step before. " + remedy)
    #expect(
      TrainingError.weightsNotFinite(name: "layer1.0.weight", step: 7).description
        == "'layer1.0.weight' became infinite or NaN in step 7; no checkpoint is written of it. "
        + remedy)
  }
}
