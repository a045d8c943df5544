using Xunit;

// Servers share the machine's processors: one at a time keeps the timings honest.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
