namespace Atoll.Api.Http;

/// <summary>Bounds of what a client may send.</summary>
public static class BodyLimit
{
    /// <summary>Bytes of a JSON request body; more is 413.</summary>
    public const int Json = 1024 * 1024;

    /// <summary>Levels of nesting in a JSON request body; more is 400.</summary>
    public const int Depth = 32;
}
