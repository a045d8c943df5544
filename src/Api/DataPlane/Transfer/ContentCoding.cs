using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>Chooses how a reply's bytes are coded, from what the client accepts (RFC 9110, 12.5.3).</summary>
internal enum ContentCoding
{
    Identity,
    Gzip,

    /// <summary>The client refuses both: 406.</summary>
    None,
}

internal static class ContentCodings
{
    private const string Gzip = "gzip";
    private const string Identity = "identity";
    private const string Any = "*";
    private const long LeastWorthwhile = 1024;

    /// <param name="accepted">The values of <c>Accept-Encoding</c>.</param>
    /// <param name="contentType">What the bytes are; some kinds get no shorter.</param>
    public static ContentCoding Choose(StringValues accepted, string contentType, long size)
    {
        if (!StringWithQualityHeaderValue.TryParseList(accepted, out IList<StringWithQualityHeaderValue>? codings))
        {
            return ContentCoding.Identity;
        }

        double gzip = Quality(codings, Gzip) ?? Quality(codings, Any) ?? 0;
        double identity = Quality(codings, Identity) ?? (Quality(codings, Any) is 0 ? 0 : 1);
        bool pays = size >= LeastWorthwhile && IsText(contentType);
        return gzip > 0 && (pays || identity <= 0) ? ContentCoding.Gzip
            : identity > 0 ? ContentCoding.Identity
            : ContentCoding.None;
    }

    private static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.Ordinal)
        || contentType is "application/json" or "application/javascript" or "application/xml" or "image/svg+xml" or "application/xhtml+xml"
        || contentType.EndsWith("+json", StringComparison.Ordinal)
        || contentType.EndsWith("+xml", StringComparison.Ordinal);

    private static double? Quality(IEnumerable<StringWithQualityHeaderValue> codings, string name) =>
        codings.FirstOrDefault(coding => coding.Value.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found ? found.Quality ?? 1 : null;
}
