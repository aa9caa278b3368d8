/// The page for people: one document with its style and script inside, that asks for nothing but the
/// service's own answers.
///
/// It is written as `Web/page.html`, `page.css` and `page.js`, which `.ci/embed-page` joins.
package enum PageDocument {
  /// The document.
  ///
  /// - Parameter launchers: whom plans are exported to, by the name that requests use and by title.
  package static func html(launchers: [(name: String, title: String)]) -> String {
    let options = launchers.map { name, title in
      "<option value=\"\(SVGWriter.escaped(name))\">\(SVGWriter.escaped(title))</option>"
    }
    return template.replacing("<!--launchers-->", with: options.joined())
  }

  /// Only this style and this script run, nothing is fetched but from the service, no form is sent,
  /// nobody frames the page, and text never becomes markup.
  package static let contentSecurityPolicy =
    [
      "default-src 'none'", "style-src 'sha256-\(styleDigest)'",
      "script-src 'sha256-\(scriptDigest)'", "img-src data:", "connect-src 'self'",
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].joined(separator: "; ")
}
