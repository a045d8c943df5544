using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Recovery;

/// <summary>
/// The records of all sandboxes of which this machine holds anything: one small JSON file each, replaced atomically.
/// Not synced to disk: it need only outlive the server process, since a reboot takes the sandboxes too.
/// </summary>
internal sealed class LaunchJournal
{
    private const string Extension = ".json";
    private readonly string _directory;

    public LaunchJournal(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Save(LaunchRecord record)
    {
        string path = PathOf(record.Id);
        string half = path + ".new";
        File.WriteAllBytes(half, JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.LaunchRecord));
        File.Move(half, path, overwrite: true);
    }

    public LaunchRecord? Load(SandboxId id)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(id)), JournalJson.Default.LaunchRecord);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public void Remove(SandboxId id) => File.Delete(PathOf(id));

    public IReadOnlyList<LaunchRecord> List() =>
        [.. Directory.EnumerateFiles(_directory, "*" + Extension)
            .Select(path => SandboxId.TryParse(Path.GetFileNameWithoutExtension(path), out SandboxId id) ? Load(id) : null)
            .OfType<LaunchRecord>()];

    private string PathOf(SandboxId id) => Path.Combine(_directory, id.Value + Extension);
}

[JsonSourceGenerationOptions(Converters = [typeof(SandboxIdConverter)])]
[JsonSerializable(typeof(LaunchRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;

internal sealed class SandboxIdConverter : JsonConverter<SandboxId>
{
    public override SandboxId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => SandboxId.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, SandboxId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
