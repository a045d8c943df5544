using System.CommandLine;
using Atoll.Server.Commands;
using Atoll.Server.Doctor;

// The commands of atoll-server; each is one file in Commands/. Composition.cs says what a running server is made of.
var root = new RootCommand("Atoll: a self-hosted sandbox cloud")
{
    ServeCommand.Create(),
    AuthCommand.Create(),
    TemplateCommand.Create(),
    DoctorCommand.Create(),
};

// The host of `serve` ends by itself on SIGTERM and SIGINT, with its own grace period.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
