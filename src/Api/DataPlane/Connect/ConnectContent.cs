using Microsoft.Net.Http.Headers;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>What a content type says of a call: how its messages are written, and whether they come in frames.</summary>
internal sealed record ConnectContent(ConnectCodec Codec, bool IsStream)
{
    /// <summary>The types that a call may have, as <c>Accept-Post</c> tells them.</summary>
    public const string UnaryTypes = "application/json, application/proto";

    public const string StreamTypes = "application/connect+json, application/connect+proto";

    /// <summary>As it is written in replies.</summary>
    public string Type => IsStream ? $"application/connect+{Codec.Name}" : $"application/{Codec.Name}";

    /// <summary>Null for a type that is not of this protocol.</summary>
    public static ConnectContent? Parse(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        return type.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/json" => new ConnectContent(ConnectCodec.Json, false),
            "application/proto" => new ConnectContent(ConnectCodec.Proto, false),
            "application/connect+json" => new ConnectContent(ConnectCodec.Json, true),
            "application/connect+proto" => new ConnectContent(ConnectCodec.Proto, true),
            _ => null,
        };
    }
}
