import Datasets
import Foundation

/// Test images beside what the attack made of them for each network, with the predictions.
struct PictureGrid {
  let networks: [NetworkResults]

  /// Nil where no network has pictures.
  var html: HTML? {
    let cards = indices.map(card)
    return cards.isEmpty ? nil : "\(note)\n<div class=\"pictures\">\n\(cards)\n</div>"
  }

  /// Images that a picture can be made of: grey or colour, and as many pixels as they claim.
  private func examples(_ network: NetworkResults) -> [ExampleImage] {
    network.examples.filter { image in
      let count = image.channels * image.height * image.width
      return [1, 3].contains(image.channels) && image.height > 0 && image.width > 0
        && image.clean.count == count && image.adversarial.count == count
    }
  }

  /// The test images that some network shows, in their order.
  private var indices: [Int] {
    var indices: [Int] = []
    for image in networks.flatMap(examples) where !indices.contains(image.index) {
      indices.append(image.index)
    }
    return indices
  }

  private var largestDifference: Int {
    networks.flatMap(examples).flatMap(Self.difference).map(Int.init).max() ?? 0
  }

  /// How much brighter the differences are shown: the largest of all pictures is nearly white.
  private var magnification: Int { 255 / max(largestDifference, 1) }

  private var note: HTML {
    let hidden = networks.map { $0.examples.count - examples($0).count }.reduce(0, +)
    let left: HTML =
      hidden == 0 ? "" : " \(hidden) images that are neither grey nor RGB are not shown."
    let attack = networks.first?.attacks.last.map { "\($0.settings): " } ?? ""
    return """
      <p>\(attack)for each network the attacked image, and what changed, |attacked − clean|, \
      \(magnification)\u{A0}times as bright. No pixel moved by more than \(largestDifference)/255.\
      \(left)</p>
      """
  }

  private func card(_ index: Int) -> HTML {
    let views = networks.enumerated().compactMap { place, network in
      examples(network).first { $0.index == index }.map { (place, network, $0) }
    }
    let image = views[0].2
    return """
      <article class="card">
      <h3>\(image.label) <small>test image \(NumberText.count(index))</small></h3>
      <div class="views">
      <figure>\(picture(image.clean, of: image, "Test image \(index), \(image.label), clean"))\
      <figcaption>clean</figcaption></figure>
      \(views.map(view))
      </div>
      </article>
      """
  }

  private func view(_ place: Int, _ network: NetworkResults, _ image: ExampleImage) -> HTML {
    let factor = magnification
    let brighter = Self.difference(image).map { UInt8(min(255, Int($0) * factor)) }
    let name = "Test image \(image.index), \(image.label)"
    return """
      <figure><span class="pair">\
      \(picture(image.adversarial, of: image, "\(name), attacked for \(network.title)"))\
      \(picture(brighter, of: image, "\(name), what the attack on \(network.title) changed"))</span>
      <figcaption><span class="swatch" style="background:\(Chart.color(of: place))"></span>\
      \(network.title)
      <span class="said">clean: \(verdict(image.cleanPrediction, image))</span>
      <span class="said">attacked: \(verdict(image.adversarialPrediction, image))</span>
      </figcaption></figure>
      """
  }

  private func verdict(_ prediction: String, _ image: ExampleImage) -> HTML {
    prediction == image.label
      ? "<b class=\"right\">\(prediction)\u{A0}✓<span class=\"spoken\"> right</span></b>"
      : "<b class=\"wrong\">\(prediction)\u{A0}✗<span class=\"spoken\"> wrong</span></b>"
  }

  private func picture(_ pixels: [UInt8], of image: ExampleImage, _ text: String) -> HTML {
    let png = PNGImage(
      pixels: pixels, channels: image.channels, height: image.height, width: image.width)
    let data = Data(png.encoded()).base64EncodedString()
    return """
      <img src="data:image/png;base64,\(data)" alt="\(text)" width="\(image.width)" \
      height="\(image.height)">
      """
  }

  private static func difference(_ image: ExampleImage) -> [UInt8] {
    zip(image.clean, image.adversarial).map { $0 > $1 ? $0 - $1 : $1 - $0 }
  }
}
