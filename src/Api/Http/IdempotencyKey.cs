using System.Security.Cryptography;
using System.Text;
using Atoll.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Primitives;

namespace Atoll.Api.Http;

/// <summary>Marks a route whose body or answer is a stream of any length: an Idempotency-Key is not looked at there.</summary>
internal sealed class StreamingRoute;

/// <summary>Marks a route, besides every DELETE, that must work though the disk is full, because it may be what makes room.</summary>
internal sealed class RoomMakingRoute;

/// <summary>The header <c>Idempotency-Key</c> and what a request under it says.</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Characters of a key at the most.</summary>
    public const int Longest = 255;

    public static TBuilder Streams<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new StreamingRoute());

    public static TBuilder MakesRoom<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RoomMakingRoute());

    /// <summary>The key of a request; null when it has none. 1 to 255 printable ASCII characters, else 400.</summary>
    public static string? Of(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Header, out StringValues values))
        {
            return null;
        }

        return values is [{ Length: > 0 and <= Longest } key] && key.All(c => c is >= ' ' and <= '~')
            ? key
            : throw Fault.Invalid(Header, $"{Header} must be given once, as 1 to {Longest} printable ASCII characters").AsException();
    }

    /// <summary>A digest of method, path, query and body.</summary>
    public static byte[] Print(HttpRequest request, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method}\n{UriHelper.GetEncodedPathAndQuery(request)}\n"));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
