using System.Text;
using Atoll.Cli;
using Atoll.Sdk;
using Atoll.Unit.Sdk;
using Xunit;

namespace Atoll.Unit.Cli;

/// <summary>Runs the CLI in this process against a wire server, with memory for a terminal and a directory for a home.</summary>
public abstract class CliRun : IAsyncLifetime
{
    private readonly Capture _output = new();
    private readonly Capture _error = new();

    internal WireServer Server { get; private set; } = null!;

    internal Dictionary<string, string> Environment { get; } = new() { ["SCALEBOX_API_KEY"] = "sk-env" };

    internal string Home { get; } = Directory.CreateTempSubdirectory("atoll-cli-").FullName;

    internal string ConfigPath => Path.Combine(Home, ".scalebox-cli", "config.json");

    internal string Input { get; set; } = "";

    internal bool InputIsTerminal { get; set; }

    internal bool OutputIsTerminal { get; set; }

    internal bool ErrorIsTerminal { get; set; }

    internal string Typed { get; set; } = "";

    /// <summary>Whether the terminal hands every key on, and how often it was told to.</summary>
    internal (bool Now, int Times) Raw { get; private set; }

    internal (string Path, string[] Arguments)? Replaced { get; private set; }

    /// <summary>The terminal of the run under way.</summary>
    internal Terminal? Terminal { get; private set; }

    internal string Output => Encoding.UTF8.GetString(_output.ToArray());

    internal string Error => Encoding.UTF8.GetString(_error.ToArray());

    public async Task InitializeAsync()
    {
        Server = await WireServer.StartAsync();
        Environment["SCALEBOX_SERVER_URL"] = Server.Url;
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }

    internal async Task<int> RunAsync(params string[] args)
    {
        _output.SetLength(0);
        _error.SetLength(0);
        using Terminal terminal = new()
        {
            RawOutput = _output,
            RawError = _error,
            Output = new StreamWriter(_output) { AutoFlush = true },
            Error = new StreamWriter(_error) { AutoFlush = true },
            Input = new StringReader(Input),
            RawInput = new MemoryStream(Encoding.UTF8.GetBytes(Input)),
            EnterRawMode = () =>
            {
                Raw = (true, Raw.Times + 1);
                return new RawDouble(() => Raw = (false, Raw.Times));
            },
            WindowSize = () => new TerminalSize(100, 30),
            Environment = name => Environment.GetValueOrDefault(name),
            Home = Home,
            InputIsTerminal = InputIsTerminal,
            OutputIsTerminal = OutputIsTerminal,
            ErrorIsTerminal = ErrorIsTerminal,
            ReadSecret = () => Typed,
            Replace = (path, arguments) =>
            {
                Replaced = (path, arguments);
                return 13;
            },
        };
        Terminal = terminal;
        return await AtollCommand.RunAsync(args, terminal).WaitAsync(TimeSpan.FromSeconds(60));
    }

    private sealed class RawDouble(Action left) : IDisposable
    {
        public void Dispose() => left();
    }

    /// <summary>Memory that one thread may read while another writes.</summary>
    private sealed class Capture : MemoryStream
    {
        private readonly Lock _gate = new();

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (_gate)
            {
                base.Write(buffer, offset, count);
            }
        }

        public override byte[] ToArray()
        {
            lock (_gate)
            {
                return base.ToArray();
            }
        }
    }
}
