mut() { # file, from, to, tests
 cp $1 /tmp/mut.bak; python3 - "$1" "$2" "$3" <<'PY'
import sys
p,a,b=sys.argv[1:]; s=open(p).read(); assert a in s,a; open(p,'w').write(s.replace(a,b,1))
PY
 timeout 200 ./interstice shell python3 -m pytest -q -n0 -p no:cacheprovider tests/benchmarks/test_flow_benchmarks.py -k "$4" 2>&1 | tail -4 | grep -E "passed|failed|error"; cp /tmp/mut.bak $1; }
echo strain; mut solver/bodies/flow.py "1.5 * (deviator - stress).ravel()" "1.4 * (deviator - stress).ravel()" "void_closes or punch_is"
echo strength; mut solver/bodies/solids/plastic.py "return self.yield_strength +" "return 1.02 * self.yield_strength +" "tube_yields"
echo temperature; mut solver/bodies/solids/creep.py "return float(np.log(self.rate)) - self" "return float(np.log(self.rate)) + self" "bars_flow"
echo hoop; mut solver/physics/mechanics.py "hoop = super().strain(u), u[0] / self.radius" "hoop = super().strain(u), 1.05 * u[0] / self.radius" "void_closes"
