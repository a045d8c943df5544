using System.CommandLine;
using System.Net;
using System.Text.Json;
using Atoll.Node;
using Atoll.Node.Runtimes;
using Atoll.Server.Commands;

namespace Atoll.Server.Doctor;

/// <summary><c>doctor</c>: tells whether sandboxes can run on this machine and, if not, the exact remedy.</summary>
internal static class DoctorCommand
{
    /// <summary>A hidden subcommand that boots the guest of <see cref="KvmProbe"/>.</summary>
    public const string KvmProbe = "kvm-probe";

    /// <summary>A hidden subcommand that starts a sandbox.</summary>
    public const string RuntimeProbeName = "runtime-probe";

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The data directory", DefaultValueFactory = _ => TemplateCommand.DefaultData };
        var listen = new Option<string>("--listen") { Description = "The address that serve is to listen on", DefaultValueFactory = _ => "127.0.0.1:7070" };
        listen.Validators.Add(result =>
        {
            if (!TryParseListen(result.GetValueOrDefault<string>(), out _))
            {
                result.AddError("--listen must be an address and a port, such as 127.0.0.1:7070");
            }
        });
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var quick = new Option<bool>("--quick") { Description = "Leave out what starts a sandbox or a virtual machine" };

        var command = new Command("doctor", "Tell whether sandboxes can run on this machine, and what to do if not") { data, listen, json, quick };
        command.SetAction(async (arguments, cancellation) =>
        {
            TryParseListen(arguments.GetRequiredValue(listen), out IPEndPoint? address);
            string directory = arguments.GetRequiredValue(data);
            List<ICheck> checks = [.. Cheap(directory, address!)];
            if (!arguments.GetValue(quick))
            {
                checks.Add(new RuntimeCheck(Environment.ProcessPath!, directory));
                checks.Add(new KvmCheck(Environment.ProcessPath!));
            }

            IReadOnlyList<Checked> results = await Examination.RunAsync(checks, TimeProvider.System, cancellation);
            Console.WriteLine(arguments.GetValue(json) ? Report.Json(results) : Report.Table(results).TrimEnd());
            return Examination.ExitCode(results);
        });
        command.Subcommands.Add(KvmProbeCommand());
        command.Subcommands.Add(RuntimeProbeCommand());
        return command;
    }

    /// <summary>Takes an address with a port, with or without <c>http://</c> before it; <c>localhost</c> is 127.0.0.1.</summary>
    public static bool TryParseListen(string? text, out IPEndPoint? address)
    {
        const string scheme = "http://";
        string bare = (text ?? "").TrimEnd('/');
        bare = bare.StartsWith(scheme, StringComparison.Ordinal) ? bare[scheme.Length..] : bare;
        bare = bare.StartsWith("localhost:", StringComparison.Ordinal) ? "127.0.0.1" + bare["localhost".Length..] : bare;
        return IPEndPoint.TryParse(bare, out address) && address.Port != 0;
    }

    private static IReadOnlyList<ICheck> Cheap(string data, IPEndPoint listen) =>
    [
        new RootCheck(),
        new KernelCheck(),
        new ClockCheck(TimeProvider.System),
        new CgroupCheck(),
        new ToolsCheck(Environment.GetEnvironmentVariable("PATH")),
        new DiskCheck(data),
        new PortCheck(listen),
        new NftablesCheck(),
        new ForwardingCheck(),
        new TemplateCheck(TemplateCommand.TemplatesOf(data)),
    ];

    private static Command KvmProbeCommand()
    {
        var probe = new Command(KvmProbe) { Hidden = true };
        probe.SetAction(_ =>
        {
            try
            {
                Doctor.KvmProbe.Run();
                return 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(e.Message);
                return 1;
            }
        });
        return probe;
    }

    // In a process of its own, like the other: the node's reaper takes every child of its process.
    private static Command RuntimeProbeCommand()
    {
        var data = new Option<string>("--data") { Required = true };
        var probe = new Command(RuntimeProbeName) { data };
        probe.Hidden = true;
        probe.SetAction(async (arguments, cancellation) =>
        {
            RuntimeProbe found = await NodeProbe.RunAsync(arguments.GetRequiredValue(data), cancellation);
            Console.WriteLine(JsonSerializer.Serialize(found));
            return 0;
        });
        return probe;
    }
}
