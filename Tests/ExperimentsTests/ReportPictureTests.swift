import Datasets
import Foundation
import Testing

@testable import Experiments

@Suite struct ReportPictureTests {
  /// Three pictures a network and image less the clean one that they share, each with its own alt text.
  @Test func showsCleanAttackedAndDifference() throws {
    let html = try #require(PictureGrid(networks: try ReportSamples.pair().networks).html).text
    let alts = html.matches(of: /alt="([^"]*)"/).map { String($0.output.1) }
    #expect(alts.count == 10 && Set(alts).count == 10)
    #expect(alts[0] == "Test image 3, Ankle boot, clean")
    #expect(alts[1] == "Test image 3, Ankle boot, attacked for Plain")
    #expect(alts[4] == "Test image 3, Ankle boot, what the attack on Deflated changed")
  }

  /// Strengths are 6 and 8 of 255: one factor for all pictures, said in the text.
  @Test func differencesAreMagnifiedAlike() throws {
    let networks = try ReportSamples.pair().networks
    let html = try #require(PictureGrid(networks: networks).html).text
    #expect(plain(html).contains("31 times as bright. No pixel moved by more than 8/255."))
    for (strength, network) in [(6, networks[0]), (8, networks[1])] {
      let pixels = [UInt8](repeating: UInt8(31 * strength), count: 16)
      #expect(html.contains(source(pixels)), "\(network.title)")
      #expect(html.contains(source(network.examples[0].adversarial)))
    }
    #expect(html.contains(source(networks[0].examples[0].clean)))
  }

  /// Where the attack lowered pixels the difference is not zero, and does not trap.
  @Test func differencesHaveNoSign() throws {
    let image = ReportSamples.example(1, strength: 5)
    let lowered = ExampleImage(
      index: 1, label: "a", cleanPrediction: "a", adversarialPrediction: "a",
      clean: image.adversarial, adversarial: image.clean, channels: 1, height: 4, width: 4)
    let html = try grid([lowered]).text
    #expect(html.contains(source([UInt8](repeating: 255, count: 16))))
  }

  @Test func saysWhichPredictionsAreRight() throws {
    let html = plain(try grid([ReportSamples.example(1, strength: 4)]).text)
    #expect(html.contains(#"clean: <b class="right">Ankle boot ✓"#))
    #expect(html.contains(#"attacked: <b class="wrong">Sneaker ✗"#))
  }

  @Test func unchangedImagesAreNoDivisionByZero() throws {
    let html = try grid([ReportSamples.example(1, strength: 0)]).text
    #expect(html.contains("No pixel moved by more than 0/255."))
  }

  /// Event frames have two channels: they are counted, and the rest of the page stands.
  @Test func imagesWithoutAPictureAreCounted() throws {
    let events = ExampleImage(
      index: 2, label: "a", cleanPrediction: "a", adversarialPrediction: "a",
      clean: [0, 0], adversarial: [0, 0], channels: 2, height: 1, width: 1)
    let short = ExampleImage(
      index: 5, label: "a", cleanPrediction: "a", adversarialPrediction: "a",
      clean: [0], adversarial: [0, 0], channels: 1, height: 1, width: 2)
    let html = try grid([ReportSamples.example(1, strength: 4), events, short]).text
    #expect(html.contains(" 2 images that are neither grey nor RGB are not shown."))
    #expect(html.components(separatedBy: "<article").count == 2)
  }

  private func grid(_ examples: [ExampleImage]) throws -> HTML {
    let network = try ReportSamples.network("n", "N", clean: 1, fgsm: 1, pgd: 1)
    return try #require(PictureGrid(networks: [network.showing(examples)]).html)
  }

  /// What the page holds for a grey 4 × 4 picture.
  private func source(_ pixels: [UInt8]) -> String {
    let png = PNGImage(pixels: pixels, channels: 1, height: 4, width: 4).encoded()
    return "src=\"data:image/png;base64,\(Data(png).base64EncodedString())\""
  }
}
