using System.Text.Json.Serialization;

namespace Atoll.Server.Backup;

/// <summary>What a backup holds: the last entry of the archive, so that all digests are known when it is written.</summary>
/// <param name="Format">1.</param>
/// <param name="Schema">Of the database.</param>
/// <param name="Files">By their names in the archive, which are those in the data directory.</param>
internal sealed record BackupManifest(int Format, int Schema, DateTime MadeAt, bool Images, IReadOnlyDictionary<string, BackupFile> Files)
{
    public const string Name = "manifest.json";
    public const int Current = 1;
}

/// <param name="Sha256">In hex.</param>
internal sealed record BackupFile(long Bytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
