using System.Text;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>One part of a form: its field's name, the file's name when it has one, and its bytes.</summary>
internal sealed record FormPart(string Name, string? FileName, Stream Body)
{
    public bool IsFile => FileName is not null || Name == "file";
}

/// <summary>
/// A multipart/form-data body, part by part as it arrives. Everything but the bytes of a part is bounded.
/// </summary>
internal sealed class MultipartForm
{
    private const int BlockSize = 64 * 1024;
    private const int LongestBoundary = 200;
    private const int LongestText = 8 * 1024;
    private const int MostParts = 4096;
    private readonly MultipartReader _reader;
    private int _parts;

    private MultipartForm(string boundary, Stream body) => _reader = new MultipartReader(boundary, body, BlockSize)
    {
        HeadersCountLimit = 16,
        HeadersLengthLimit = 16 * 1024,
    };

    public static bool Is(HttpRequest request) =>
        request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) is true;

    public static MultipartForm Open(HttpRequest request, Stream body)
    {
        if (!Is(request) || !MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type))
        {
            throw Wrong("the body must be multipart/form-data");
        }

        string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is > 0 and <= LongestBoundary
            ? new MultipartForm(boundary, body)
            : throw Wrong($"the boundary of multipart/form-data must have 1 to {LongestBoundary} characters");
    }

    /// <summary>The next part, behind all bytes of the one before; null after the last.</summary>
    public async Task<FormPart?> NextAsync(CancellationToken cancellation)
    {
        if (await _reader.ReadNextSectionAsync(cancellation) is not { } section)
        {
            return null;
        }

        if (++_parts > MostParts)
        {
            throw Wrong($"the form has more than {MostParts} parts: send it in several requests");
        }

        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition)
            || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw Wrong("every part of the form needs a header Content-Disposition: form-data; name=\"...\"");
        }

        return new FormPart(Text(disposition.Name) ?? "", Text(disposition.FileNameStar) ?? Text(disposition.FileName), section.Body);
    }

    /// <summary>A part that is a short text.</summary>
    public static async Task<string> TextAsync(FormPart part, CancellationToken cancellation)
    {
        byte[] buffer = new byte[LongestText + 1];
        int length = await part.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        if (length > LongestText)
        {
            throw Fault.Invalid(part.Name, $"the form's field {part.Name} is longer than {LongestText} bytes").AsException();
        }

        string text = Encoding.UTF8.GetString(buffer, 0, length);
        return Checked(text);
    }

    private static string? Text(Microsoft.Extensions.Primitives.StringSegment value)
    {
        string text = HeaderUtilities.UnescapeAsQuotedString(value).ToString();
        return text.Length == 0 ? null : Checked(text);
    }

    // What was not UTF-8 has become U+FFFD on the way; a file of another name than the client's helps nobody.
    private static string Checked(string text) => text.Contains('\uFFFD') || text.Any(char.IsControl)
        ? throw Wrong("a name in the form is not valid UTF-8, or holds control characters")
        : text;

    private static FaultException Wrong(string message) => new Fault(FaultCode.InvalidArgument, message).AsException();
}
