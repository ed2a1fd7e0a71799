// How do the dashboards look? Draws each panel with Grafana's own components (@grafana/ui) at its place; not Grafana itself,
// which is not to be had here: frame, units, colours, legends and curves are its own, the layout and the table are ours.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, toDataFrame, FieldType, applyFieldOverrides, getFieldDisplayName, dateTime, ThresholdsMode, standardFieldConfigEditorRegistry, FieldConfigOptionsRegistry, getDisplayProcessor, reduceField } from '@grafana/data';
import { ThemeContext, GlobalStyles, PanelChrome, TimeSeries, BigValue, BigValueColorMode, BigValueGraphMode, BigValueTextMode, BigValueJustifyMode, BarGauge, VizLegend, LegendDisplayMode, TooltipDisplayMode } from '@grafana/ui';
import 'uplot/dist/uPlot.min.css';
const theme = createTheme({ colors: { mode: 'dark' } });
const CELL = 30, GAP = 8, WIDTH = 1560;
const legend = (tpl, m) => tpl === '__auto' ? Object.entries(m).filter(([k])=>k!=='__name__').map(([,v])=>v).join(' ') || 'value' : tpl.replace(/\{\{(\w+)\}\}/g, (_, k) => m[k] ?? '');
function frames(panel, data) {
  const d = panel.fieldConfig.defaults;
  const config = { unit: d.unit, thresholds: { mode: ThresholdsMode.Absolute, steps: d.thresholds.steps.map((s) => ({ ...s, value: s.value === null ? -Infinity : s.value })) }, mappings: d.mappings, decimals: d.decimals, min: d.min, max: d.max, color: d.color || { mode: 'palette-classic' }, custom: d.custom };
  const out = [];
  for (const q of data) for (const r of q.result) {
    const values = r.values || [r.value];
    const name = legend(q.legend, r.metric);
    out.push({ refId: q.refId, name, metric: r.metric, time: values.map((v) => v[0] * 1000), values: values.map((v) => parseFloat(v[1])), config: { ...config, displayName: name } });
  }
  return out;
}
const palette = theme.visualization.palette;
function Series({ panel, rows, width, height, now }) {
  const grid = [...new Set(rows.flatMap((r) => r.time))].sort((a, b) => a - b);
  const fields = rows.map((r, i) => { const at = new Map(r.time.map((t, j) => [t, r.values[j]])); return { name: r.name, type: FieldType.number, values: grid.map((t) => { const v = at.get(t); return v === undefined || Number.isNaN(v) ? null : v; }), config: { ...r.config, custom: { ...r.config.custom, lineInterpolation: 'linear', axisPlacement: 'auto', pointSize: 3, spanNulls: 10000, hideFrom: {}, scaleDistribution: { type: 'linear' }, thresholdsStyle: { mode: 'off' } } } }; });
  let frame = toDataFrame({ fields: [{ name: 'time', type: FieldType.time, values: grid, config: {} }, ...fields] });
  frame = applyFieldOverrides({ data: [frame], fieldConfig: { defaults: {}, overrides: [] }, replaceVariables: (s) => s, theme, timeZone: 'utc' })[0];
  frame.fields.forEach((f, i) => { if (i) { f.state = { ...(f.state || {}), seriesIndex: i - 1, displayName: f.name }; } });
  return <TimeSeries frames={[frame]} timeRange={{ from: dateTime(now * 1000 - 110000), to: dateTime(now * 1000), raw: { from: 'now-2m', to: 'now' } }} timeZone="utc" width={width} height={height} legend={{ displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true, calcs: [] }} options={{}} theme={theme} />;
}
function value(r) { const f = { name: r.name, type: FieldType.number, values: r.values, config: r.config }; return { ...getDisplayProcessor({ field: f, theme, timeZone: 'utc' })(r.values[r.values.length - 1]), title: r.name }; }
function Stat({ panel, rows, width, height }) {
  const n = Math.max(rows.length, 1);
  return <div style={{ display: 'flex' }}>{rows.map((r, i) => { const v = value(r); if (panel.options.textMode === 'name') { v.text = r.name; v.suffix = ''; v.prefix = ''; } return <BigValue key={i} value={rows.length > 1 ? v : { ...v, title: undefined }} width={width / n} height={height} theme={theme} colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.None} textMode={BigValueTextMode.Auto} justifyMode={BigValueJustifyMode.Auto} />; })}</div>;
}
function Bars({ panel, rows, width, height }) {
  const sorted = rows.slice(0, 16); const h = Math.min(height / Math.max(sorted.length, 1), 36);
  return <div>{sorted.map((r, i) => <div key={i} style={{ height: h }}><BarGauge field={r.config} value={value(r)} width={width} height={h - 4} theme={theme} orientation="horizontal" displayMode="basic" itemSpacing={8} lcdCellWidth={12} display={(x) => getDisplayProcessor({ field: { name: '', type: FieldType.number, values: [], config: r.config }, theme })(x)} /></div>)}</div>;
}
function Rows({ panel, data }) {
  const org = panel.transformations.find((t) => t.id === 'organize').options; const order = Object.entries(org.indexByName).sort((a, b) => a[1] - b[1]).map(([name]) => name); const key = order[0];
  const table = new Map();
  data.forEach((q) => q.result.forEach((r) => { const k = r.metric[key]; if (!table.has(k)) table.set(k, { ...r.metric }); table.get(k)[`Value #${q.refId}`] = parseFloat(r.value[1]); }));
  const cols = order.slice(1);
  const rows = [...table.values()].sort((a, b) => (b['Value #A'] || 0) - (a['Value #A'] || 0)).slice(0, 9);
  const by = new Map(panel.fieldConfig.overrides.map((o) => [o.matcher.options, o.properties[0].value]));
  const show = (c, v) => v === undefined ? '' : (() => { const d = getDisplayProcessor({ field: { name: c, type: FieldType.number, values: [], config: { unit: by.get(org.renameByName[c]) || 'short', decimals: 0 } }, theme })(v); return d.text + (d.suffix || ''); })();
  return <table style={{ width: '100%', fontSize: 13, borderCollapse: 'collapse' }}><thead><tr><th style={{ textAlign: 'left' }}>{org.renameByName[key]}</th><th style={{ textAlign: 'left' }}>operator</th>{cols.map((c) => <th key={c} style={{ textAlign: 'right' }}>{org.renameByName[c]}</th>)}</tr></thead><tbody>{rows.map((r, i) => <tr key={i} style={{ borderTop: '1px solid #333', height: 24 }}><td>{r[key]}</td><td>{r.operator}</td>{cols.map((c) => <td key={c} style={{ textAlign: 'right' }}>{show(c, r[c])}</td>)}</tr>)}</tbody></table>;
}
function Panel({ panel, data, now }) {
  const p = panel.gridPos; const unit = WIDTH / 24;
  const style = { position: 'absolute', left: p.x * unit, top: p.y * (CELL + GAP), width: p.w * unit - GAP, height: p.h * (CELL + GAP) - GAP };
  if (panel.type === 'row') return <div style={{ ...style, fontSize: 16, fontWeight: 500, paddingTop: 6 }}>{panel.title}</div>;
  if (panel.type === 'text') return <div style={style}><b>{panel.title}</b><br />{panel.options.content}</div>;
  const rows = frames(panel, data || []);
  return <div style={style}><PanelChrome title={panel.title} description={panel.description} width={style.width} height={style.height}>{(w, h) => panel.type === 'table' ? <Rows panel={panel} data={data} /> : rows.length === 0 ? <div style={{ textAlign: 'center', paddingTop: h / 3 }}>No data</div> : panel.type === 'timeseries' ? <Series panel={panel} rows={rows} width={w} height={h} now={now} /> : panel.type === 'stat' ? <Stat panel={panel} rows={rows} width={w} height={h} /> : <Bars panel={panel} rows={rows} width={w} height={h} />}</PanelChrome></div>;
}
class Guarded extends React.Component { constructor(p) { super(p); this.state = {}; } static getDerivedStateFromError(e) { return { e }; } render() { return this.state.e ? <div style={{ color: 'red' }}>{this.props.name}: {String(this.state.e)}</div> : this.props.children; } }
const one = window.DATA[location.hash.slice(1)];
createRoot(document.getElementById('root')).render(<ThemeContext.Provider value={theme}><GlobalStyles /><div style={{ position: 'relative', width: WIDTH, height: 2600, padding: 8 }}>{one.dashboard.panels.map((p) => <Guarded key={p.id} name={p.title}><Panel panel={p} data={one.data[p.id]} now={one.now} /></Guarded>)}</div></ThemeContext.Provider>);
